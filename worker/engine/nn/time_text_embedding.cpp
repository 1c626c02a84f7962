#include "worker/engine/nn/time_text_embedding.h"

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

// Not in any config.
constexpr std::int64_t kSinusoids = 256;

at::Tensor embed(const TimestepEmbedding& embedder, const at::Tensor& values,
                 at::ScalarType dtype) {
  const auto sinusoids = sinusoidal_embedding(values, kSinusoids, /*flip=*/true, /*shift=*/0);
  return embedder.forward(sinusoids.to(dtype));
}

}  // namespace

TimeTextEmbedding::TimeTextEmbedding(const weights::Scope& scope, std::int64_t width,
                                     std::int64_t pooled_width, bool embeds_guidance)
    : timestep_embedder(scope / "timestep_embedder", {kSinusoids, width}),
      text_embedder(scope / "text_embedder", {pooled_width, width}) {
  if (embeds_guidance) {
    guidance_embedder.emplace(scope / "guidance_embedder",
                              TimestepEmbeddingShape{kSinusoids, width});
  }
}

at::Tensor TimeTextEmbedding::forward(const at::Tensor& timesteps, const at::Tensor& guidance,
                                      const at::Tensor& pooled) const {
  auto embedding = embed(timestep_embedder, timesteps, pooled.scalar_type());
  if (guidance_embedder) embedding += embed(*guidance_embedder, guidance, pooled.scalar_type());
  return embedding.add_(text_embedder.forward(pooled));
}

}  // namespace furrow::engine::nn
