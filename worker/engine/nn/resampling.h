#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/layers.h"

namespace furrow::engine::nn {

/// Halves the size by a 3x3 convolution of stride 2.
struct Downsample {
  Conv2d conv;

  /// `padding` 1: zeros all around, the size is rounded up. 0: one row and column of zeros right
  /// and below only, the size is rounded down (what the VAE was trained with).
  Downsample(const weights::Scope& scope, std::int64_t channels, std::int64_t padding);

  at::Tensor forward(const at::Tensor& x) const;
};

/// Repeats cells, then smooths by a 3x3 convolution.
struct Upsample {
  Conv2d conv;

  Upsample(const weights::Scope& scope, std::int64_t channels);

  /// [B, C, h, w] to [B, C, height, width], which need not be exactly twice as large.
  at::Tensor forward(const at::Tensor& x, std::int64_t height, std::int64_t width) const;
};

}  // namespace furrow::engine::nn
