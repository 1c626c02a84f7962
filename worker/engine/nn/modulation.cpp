#include "worker/engine/nn/modulation.h"

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

// Not in any config.
constexpr double kEps = 1e-6;
constexpr std::int64_t kExpansion = 4;

}  // namespace

std::vector<at::Tensor> Modulation::forward(const at::Tensor& embedding) const {
  return linear.forward(at::silu(embedding)).unsqueeze(1).chunk(parts, -1);
}

at::Tensor plain_norm(const at::Tensor& x) {
  return at::layer_norm(x, {x.size(-1)}, {}, {}, kEps);
}

at::Tensor modulated(const at::Tensor& normed, const at::Tensor& shift, const at::Tensor& scale) {
  return at::addcmul(shift, normed, scale + 1);
}

at::Tensor ContinuousNorm::forward(const at::Tensor& x, const at::Tensor& embedding) const {
  const auto parts = modulation.forward(embedding);
  return modulated(plain_norm(x), parts[1], parts[0]);
}

GeluMlp::GeluMlp(const weights::Scope& scope, std::int64_t width)
    : proj(scope / "net" / 0 / "proj", width, kExpansion * width),
      linear(scope / "net" / 2, kExpansion * width, width) {}

at::Tensor GeluMlp::forward(const at::Tensor& x) const {
  return linear.forward(at::gelu(proj.forward(x), "tanh"));
}

}  // namespace furrow::engine::nn
