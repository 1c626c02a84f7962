#include "worker/engine/nn/rms_norm.h"

#include <ATen/ATen.h>

namespace furrow::engine::nn {

at::Tensor RmsNorm::forward(const at::Tensor& x) const {
  const auto wide = x.to(at::kFloat);
  const auto inverse = at::rsqrt(wide.square().mean(-1, /*keepdim=*/true).add_(eps));
  return (wide * inverse).to(x.scalar_type()).mul_(weight.get());
}

}  // namespace furrow::engine::nn
