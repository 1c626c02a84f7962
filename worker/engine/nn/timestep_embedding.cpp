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

TimestepEmbedding::TimestepEmbedding(const weights::Scope& scope, std::int64_t width,
                                     std::int64_t dim, Activation act)
    : linear_1(scope / "linear_1", width, dim),
      linear_2(scope / "linear_2", dim, dim),
      activation(act) {}

at::Tensor TimestepEmbedding::forward(const at::Tensor& sinusoids) const {
  return linear_2.forward(activate(activation, linear_1.forward(sinusoids)));
}

}  // namespace furrow::engine::nn
