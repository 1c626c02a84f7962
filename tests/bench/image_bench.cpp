// Pictures and sheets: how long a worker takes to write a PNG, and a client to draw a sheet.

#include <cmath>
#include <random>

#include <benchmark/benchmark.h>

#include "common/image/infotext.h"
#include "common/image/png.h"
#include "common/sheet/sheet.h"

namespace furrow {
namespace {

/// Soft shapes under a fine grain, which is what a photograph compresses like.
image::Image photograph(int side) {
  std::mt19937 random(1);
  std::normal_distribution<double> grain(0, 2);
  image::Image picture = image::Image::filled(side, side, 0, 0, 0);
  std::size_t i = 0;
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      for (int channel = 0; channel < 3; ++channel) {
        const double shape = std::sin(x * 0.021 + channel) + std::cos(y * 0.033 + x * 0.013);
        picture.rgb[i++] = static_cast<std::uint8_t>(128 + 50 * shape + grain(random));
      }
  return picture;
}

void encode(benchmark::State& state, image::PngEffort effort) {
  const image::Image picture = photograph(512);
  std::size_t bytes = 0;
  for (auto _ : state) bytes = image::encode_png(picture, {}, effort).size();
  state.counters["bytes"] = static_cast<double>(bytes);
}

void decode(benchmark::State& state) {
  const std::string png = image::encode_png(photograph(512), {});
  for (auto _ : state) benchmark::DoNotOptimize(image::decode_png(png));
}

void read_texts(benchmark::State& state) {
  const std::string png =
      image::encode_png(photograph(512), image::metadata_texts(v1::ImageMetadata()));
  for (auto _ : state) benchmark::DoNotOptimize(image::read_png_texts(png));
}

v1::Plan plan_of(std::uint64_t columns, std::uint64_t rows, std::uint32_t side) {
  v1::Plan plan;
  v1::Recipe& base = *plan.mutable_base();
  base.set_sampler("euler_a");
  base.set_schedule("normal");
  base.set_width(side);
  base.set_height(side);
  for (const auto& [label, field, count] :
       {std::tuple("Seed", "seed", columns), std::tuple("Steps", "steps", rows)}) {
    v1::PlanAxis& axis = *plan.add_axes();
    axis.set_label(label);
    axis.set_field(field);
    v1::IntegerRun& run = *axis.mutable_values()->add_integers();
    run.set_first(1);
    run.set_step(1);
    run.set_count(count);
  }
  return plan;
}

void sheet_of(benchmark::State& state, std::uint64_t side_cells, int cell_px) {
  const spec::Grid grid(plan_of(side_cells, side_cells, static_cast<std::uint32_t>(cell_px)));
  const sheet::CellPicture picture{photograph(cell_px), ""};
  for (auto _ : state)
    benchmark::DoNotOptimize(
        sheet::compose(grid, [&](std::uint64_t) { return picture; }, {.title = "bench"}));
}

BENCHMARK_CAPTURE(encode, 512_fast, image::PngEffort::Fast)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, 512_normal, image::PngEffort::Normal)->Unit(benchmark::kMillisecond);
BENCHMARK(decode)->Unit(benchmark::kMillisecond);
BENCHMARK(read_texts)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(sheet_of, 36_cells_of_128, 6, 128)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(sheet_of, 10000_cells_of_512, 100, 512)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace furrow

BENCHMARK_MAIN();
