#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/layers.h"

namespace furrow::engine::nn {

/// What a block's norms are shifted, scaled and gated by, from the embedding of time and prompt
/// (adaLN-Zero: Peebles and Xie 2022, arXiv:2212.09748).
struct Modulation {
  Linear linear;  // width -> parts * width
  std::int64_t parts;

  Modulation(const weights::Scope& scope, std::int64_t width, std::int64_t part_count)
      : linear(scope / "linear", width, part_count * width), parts(part_count) {}

  /// @param embedding  [B, width], before its activation
  /// @return           `parts` of [B, 1, width]
  std::vector<at::Tensor> forward(const at::Tensor& embedding) const;
};

/// Layer norm over the last dimension without a weight of its own, epsilon 1e-6.
at::Tensor plain_norm(const at::Tensor& x);

/// normed (1 + scale) + shift; normed [B, T, D], scale and shift [B, 1, D].
at::Tensor modulated(const at::Tensor& normed, const at::Tensor& shift, const at::Tensor& scale);

/// The last norm before the projection to the result: "norm_out", and before text that nothing
/// comes after.
struct ContinuousNorm {
  Modulation modulation;  // scale, then shift

  ContinuousNorm(const weights::Scope& scope, std::int64_t width) : modulation(scope, width, 2) {}

  /// x [B, T, D] to the same.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& embedding) const;
};

/// The MLP of a block: four times as wide, GELU by the tanh approximation.
struct GeluMlp {
  Linear proj;    // width -> 4 width, "net.0.proj"
  Linear linear;  // 4 width -> width, "net.2"

  GeluMlp(const weights::Scope& scope, std::int64_t width);

  /// [B, T, width] to the same.
  at::Tensor forward(const at::Tensor& x) const;
};

}  // namespace furrow::engine::nn
