// What the sweep language costs: run build/release/bin/spec_bench.
#include <benchmark/benchmark.h>

#include "common/spec/grid.h"
#include "common/spec/recipe.h"
#include "tests/spec/specs.h"

namespace furrow::spec {
namespace {

/// The demo's sweep, with a prompt of a usual length.
Grid a_typical_grid() {
  SweepBuilder sweep =
      a_sweep()
          .prompt("a photo of a cat face on a snowy mountain, highly detailed, golden hour, 85mm")
          .negative_prompt("blurry, low quality, watermark")
          .axis("Prompt S/R", "cat face, dog face, rocket")
          .axis("CFG scale", "1-9 (+2)")
          .axis("Seed", "1-1000");
  return Grid(sweep.plan()->plan);
}

void recipe_of_a_cell(benchmark::State& state) {
  const Grid grid = a_typical_grid();
  std::uint64_t index = 0;
  for (auto _ : state) benchmark::DoNotOptimize(grid.recipe(index++ % grid.cell_count()));
}

void recipe_hash_of_a_cell(benchmark::State& state) {
  const Grid grid = a_typical_grid();
  std::uint64_t index = 0;
  for (auto _ : state) benchmark::DoNotOptimize(grid.recipe_hash(index++ % grid.cell_count()));
}

void hash_of_a_recipe(benchmark::State& state) {
  const v1::Recipe recipe = a_typical_grid().recipe(7);
  for (auto _ : state) benchmark::DoNotOptimize(recipe_hash(recipe));
}

void sha256_of_its_bytes(benchmark::State& state) {
  const std::string form = canonical_form(a_typical_grid().recipe(7));
  for (auto _ : state) benchmark::DoNotOptimize(sha256(form));
}

void plan_of_a_million_cells(benchmark::State& state) {
  const SweepBuilder sweep = a_sweep()
                                 .prompt("a cat")
                                 .axis("Seed", "1-1000")
                                 .axis("CFG scale", "1-10 (+0.1)")
                                 .axis("Steps", "10-20");
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto plan = sweep.plan();
    bytes = plan->plan.ByteSizeLong();
    benchmark::DoNotOptimize(plan);
  }
  state.counters["cells"] = 1000.0 * 91 * 11;
  state.counters["plan_bytes"] = static_cast<double>(bytes);
}

void grid_of_a_million_seeds(benchmark::State& state) {
  const auto plan = a_sweep().axis("Seed", "1-1000000").plan();
  for (auto _ : state) benchmark::DoNotOptimize(Grid(plan->plan));
}

BENCHMARK(recipe_of_a_cell);
BENCHMARK(recipe_hash_of_a_cell);
BENCHMARK(hash_of_a_recipe);
BENCHMARK(sha256_of_its_bytes);
BENCHMARK(plan_of_a_million_cells)->Unit(benchmark::kMicrosecond);
BENCHMARK(grid_of_a_million_seeds);

}  // namespace
}  // namespace furrow::spec

BENCHMARK_MAIN();
