#include "worker/engine/nn/timestep_embedding.h"

#include <cmath>

#include <ATen/ATen.h>

namespace furrow::engine::nn {

at::Tensor sinusoidal_embedding(const at::Tensor& timesteps, std::int64_t width, bool flip,
                                double shift) {
  constexpr double kMaxPeriod = 10000;
  const auto half = width / 2;
  const auto steps = at::arange(half, timesteps.options().dtype(at::kFloat));
  const auto frequencies =
      at::exp(steps * (-std::log(kMaxPeriod)) / (static_cast<double>(half) - shift));
  const auto angles = timesteps.to(at::kFloat).unsqueeze(1) * frequencies;  // [B, half]
  const auto sines = at::sin(angles);
  const auto cosines = at::cos(angles);
  const auto embedding = flip ? at::cat({cosines, sines}, 1) : at::cat({sines, cosines}, 1);
  return width % 2 == 0 ? embedding : at::constant_pad_nd(embedding, {0, 1});
}

at::Tensor guidance_embedding(const at::Tensor& guidance, std::int64_t width) {
  constexpr double kScale = 1000;
  return sinusoidal_embedding(guidance.to(at::kFloat) * kScale, width, /*flip=*/false,
                              /*shift=*/1);
}

TimestepEmbedding::TimestepEmbedding(const weights::Scope& scope,
                                     const TimestepEmbeddingShape& shape)
    : linear_1(scope / "linear_1", shape.width, shape.dim),
      linear_2(scope / "linear_2", shape.dim, shape.dim),
      activation(shape.activation) {
  if (shape.condition_width > 0) {
    cond_proj.emplace(scope / "cond_proj", shape.condition_width, shape.width, Bias::Without);
  }
}

at::Tensor TimestepEmbedding::forward(const at::Tensor& sinusoids,
                                      const at::Tensor& condition) const {
  if (!condition.defined()) {
    return linear_2.forward(activate(activation, linear_1.forward(sinusoids)));
  }
  TORCH_CHECK_VALUE(cond_proj, "the network takes no timestep_cond: it has no guidance embedding");
  const auto guided = sinusoids + cond_proj->forward(condition.to(sinusoids.scalar_type()));
  return linear_2.forward(activate(activation, linear_1.forward(guided)));
}

}  // namespace furrow::engine::nn
