#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "worker/engine/weights/loader.h"
#include "worker/engine/weights/parameter.h"

namespace furrow::engine::nn {

/// Divides by the root of the mean square over the last dimension, then scales (Zhang and Sennrich
/// 2019, arXiv:1910.07467). Nothing is subtracted and there is no bias. The sum is in float32
/// whatever the dtype.
struct RmsNorm {
  weights::Parameter weight;  // [width]
  double eps;

  RmsNorm(const weights::Scope& scope, std::int64_t width, double epsilon)
      : weight(scope.required("weight", {width})), eps(epsilon) {}

  /// [..., width]; shape and dtype stay.
  at::Tensor forward(const at::Tensor& x) const;
};

}  // namespace furrow::engine::nn
