// How fast the networks are here: attention by shape, and a UNet step of the embedded model. The
// numbers of record are in ops/bench/README.md.

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "worker/engine/memory/host_memory.h"
#include "worker/engine/model/stable_diffusion.h"
#include "worker/engine/nn/attention.h"

namespace furrow::engine {

namespace {

// Arguments: tokens of queries, tokens of keys, heads, width of a head, 1 for bfloat16.
void run_attention(benchmark::State& state) {
  const c10::InferenceMode no_gradients;
  const auto heads = state.range(2);
  const auto width = heads * state.range(3);
  const auto dtype = state.range(4) == 1 ? at::kBFloat16 : at::kFloat;
  const auto q = at::randn({2, state.range(0), width}).to(dtype);
  const auto k = at::randn({2, state.range(1), width}).to(dtype);
  const auto v = at::randn({2, state.range(1), width}).to(dtype);
  for (auto _ : state) benchmark::DoNotOptimize(nn::attention(q, k, v, heads));
  const auto flops = 4.0 * 2 * static_cast<double>(state.range(0) * state.range(1) * width);
  state.counters["GFLOPS"] =
      benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(run_attention)
    ->ArgNames({"Tq", "Tk", "heads", "d", "bf16"})
    ->Args({4096, 4096, 8, 40, 0})  // SD 1.x at 512x512, finest level
    ->Args({4096, 4096, 8, 40, 1})
    ->Args({4096, 77, 8, 40, 0})
    ->Args({4096, 77, 8, 40, 1})
    ->Args({1024, 1024, 8, 80, 0})
    ->Args({1024, 1024, 8, 80, 1})
    ->Args({64, 64, 2, 48, 0})  // the embedded model
    ->Args({64, 64, 2, 48, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Arguments: batch, 1 for bfloat16.
void run_emoji_unet(benchmark::State& state) {
  const c10::InferenceMode no_gradients;
  const auto dtype = state.range(1) == 1 ? at::kBFloat16 : at::kFloat;
  const auto unet = load_unet(FURROW_MODELS "/emoji-diffusion/unet", dtype, at::kCPU);
  if (!unet) return state.SkipWithError(unet.error().message.c_str());
  const auto batch = state.range(0);
  const auto latents = at::randn({batch, 4, 16, 16});
  const auto prompts = at::randn({batch, 77, 128});
  const auto timestep = at::tensor(500.0);
  for (auto _ : state) {
    benchmark::DoNotOptimize((*unet)->forward(latents, timestep, prompts));
  }
}

BENCHMARK(run_emoji_unet)
    ->ArgNames({"batch", "bf16"})
    ->ArgsProduct({{1, 2, 8, 16}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Arguments: batch, 1 for bfloat16.
void run_emoji_decode(benchmark::State& state) {
  const c10::InferenceMode no_gradients;
  const auto dtype = state.range(1) == 1 ? at::kBFloat16 : at::kFloat;
  const auto vae = load_autoencoder(FURROW_MODELS "/emoji-diffusion/vae", dtype, at::kCPU);
  if (!vae) return state.SkipWithError(vae.error().message.c_str());
  const auto latents = at::randn({state.range(0), 4, 16, 16});
  for (auto _ : state) benchmark::DoNotOptimize((*vae)->decode(latents));
}

BENCHMARK(run_emoji_decode)
    ->ArgNames({"batch", "bf16"})
    ->ArgsProduct({{1, 8}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace

}  // namespace furrow::engine

int main(int argc, char** argv) {
  furrow::engine::keep_freed_memory();  // as the engine does
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
