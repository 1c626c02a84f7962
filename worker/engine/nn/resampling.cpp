#include "worker/engine/nn/resampling.h"

#include <ATen/ATen.h>

namespace furrow::engine::nn {

Downsample::Downsample(const weights::Scope& scope, std::int64_t channels, std::int64_t padding)
    : conv(scope / "conv", {.in = channels, .out = channels, .stride = 2, .padding = padding}) {}

at::Tensor Downsample::forward(const at::Tensor& x) const {
  return conv.forward(conv.padding == 0 ? at::constant_pad_nd(x, {0, 1, 0, 1}) : x);
}

Upsample::Upsample(const weights::Scope& scope, std::int64_t channels)
    : conv(scope / "conv", {.in = channels, .out = channels}) {}

at::Tensor Upsample::forward(const at::Tensor& x, std::int64_t height, std::int64_t width) const {
  return conv.forward(at::upsample_nearest2d(x, {height, width}));
}

}  // namespace furrow::engine::nn
