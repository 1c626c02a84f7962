#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/activation.h"
#include "worker/engine/nn/group_norm.h"
#include "worker/engine/weights/loader.h"
#include "worker/engine/weights/parameter.h"

namespace furrow::engine::nn {

using weights::Parameter;

enum class Bias { With, Without };

/// y = x W' + b over the last dimension.
struct Linear {
  Parameter weight;  // [out, in]
  Parameter bias;    // [out], or absent

  Linear(const weights::Scope& scope, std::int64_t in, std::int64_t out, Bias bias = Bias::With);

  /// [..., in] to [..., out]
  at::Tensor forward(const at::Tensor& x) const;
};

/// How a convolution walks: the same in both directions, zeros around.
struct ConvShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t kernel = 3;
  std::int64_t stride = 1;
  std::int64_t padding = 1;
  Bias bias = Bias::With;
};

struct Conv2d {
  Parameter weight;  // [out, in, kernel, kernel]
  Parameter bias;    // [out], or absent
  std::int64_t stride;
  std::int64_t padding;

  Conv2d(const weights::Scope& scope, ConvShape shape);

  /// [B, in, H, W] to [B, out, H', W'], H' = (H + 2 padding - kernel) / stride + 1; channels last
  /// in memory when x is.
  at::Tensor forward(const at::Tensor& x) const;
};

struct GroupNorm {
  Parameter weight;  // [channels]
  Parameter bias;    // [channels]
  GroupNormShape shape;

  GroupNorm(const weights::Scope& scope, std::int64_t channels, std::int64_t groups, double eps);

  /// [B, channels, h, w]; shape and memory format stay. See group_norm.
  at::Tensor forward(const at::Tensor& x, Activation then = Activation::None) const;
};

/// Over the last dimension. Sums in float32 whatever the dtype.
struct LayerNorm {
  Parameter weight;  // [width]
  Parameter bias;    // [width]
  double eps;

  LayerNorm(const weights::Scope& scope, std::int64_t width, double eps);

  at::Tensor forward(const at::Tensor& x) const;
};

struct Embedding {
  Parameter weight;  // [rows, width]

  Embedding(const weights::Scope& scope, std::int64_t rows, std::int64_t width);

  /// ids: int64 of any shape, each below `rows`; gives [..., width]. Throws c10::Error on others.
  at::Tensor forward(const at::Tensor& ids) const;
};

}  // namespace furrow::engine::nn
