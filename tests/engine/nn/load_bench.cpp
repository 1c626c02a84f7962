// How fast a whole checkpoint in one file is ready to run, against one sequential read of it. The
// file has the tensors of Stable Diffusion 1.5 in float16 (2.1 GB) and is made where TMPDIR says.
// The numbers of record are in ops/bench/README.md.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "worker/engine/model/stable_diffusion.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 1 << 22;

/// Gone with the program.
struct Checkpoint {
  fs::path path = fs::temp_directory_path() / "furrow-load-bench.safetensors";

  Checkpoint() {
    std::ifstream listed(FURROW_TEST_DATA "/golden/single_file/full_keys_sd15/keys.json");
    nlohmann::json header;
    std::uint64_t end = 0;
    for (const auto& part : nlohmann::json::parse(listed)) {
      for (const auto& row : part.at("rows")) {
        std::uint64_t bytes = 2;
        for (const auto& side : row.at(1)) bytes *= side.get<std::uint64_t>();
        header[part.at("prefix").get<std::string>() + row.at(0).get<std::string>()] = {
            {"dtype", "F16"}, {"shape", row.at(1)}, {"data_offsets", {end, end + bytes}}};
        end += bytes;
      }
    }
    const auto text = header.dump();
    const std::uint64_t length = text.size();
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof length);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    const std::string zeros(kBlock, '\0');
    for (std::uint64_t left = end; left > 0; left -= std::min<std::uint64_t>(left, kBlock))
      file.write(zeros.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(left, kBlock)));
  }

  ~Checkpoint() { fs::remove(path); }
};

const Checkpoint& checkpoint() {
  static const Checkpoint made;
  return made;
}

void read_file_once(benchmark::State& state) {
  const fs::path path = checkpoint().path;
  std::string block(kBlock, '\0');
  for (auto _ : state) {
    std::ifstream file(path, std::ios::binary);
    while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
      benchmark::DoNotOptimize(block.data());
  }
}

/// The most memory that the process ever had, in bytes.
double peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

// Argument: 0 float16, as the file is; 1 bfloat16; 2 float32.
void load_file(benchmark::State& state) {
  constexpr at::ScalarType kPrecisions[] = {at::kHalf, at::kBFloat16, at::kFloat};
  const fs::path path = checkpoint().path;
  for (auto _ : state) {
    const auto model = load_stable_diffusion(path, kPrecisions[state.range(0)], at::kCPU);
    if (!model) return state.SkipWithError(model.error().message.c_str());
    benchmark::DoNotOptimize(model->get());
  }
  state.counters["peak of file"] =
      peak_bytes() / static_cast<double>(fs::file_size(checkpoint().path));
}

BENCHMARK(read_file_once)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(load_file)
    ->ArgName("precision")
    ->DenseRange(0, 2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace

}  // namespace furrow::engine

BENCHMARK_MAIN();
