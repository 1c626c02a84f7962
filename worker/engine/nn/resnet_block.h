#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/activation.h"
#include "worker/engine/nn/layers.h"

namespace furrow::engine::nn {

struct ResnetShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t time_dim = 0;  ///< width of the time embedding; 0: takes none (autoencoders)
  std::int64_t groups = 32;
  double eps = 1e-5;
  Activation activation = Activation::Silu;
  double output_scale = 1;  ///< the sum with the residual is divided by it
};

/// Two convolutions behind group norms, beside a residual.
struct ResnetBlock {
  GroupNorm norm1;
  Conv2d conv1;
  std::optional<Linear> time_emb_proj;  // time_dim -> out
  GroupNorm norm2;
  Conv2d conv2;
  std::optional<Conv2d> conv_shortcut;  // 1x1 where in != out
  Activation activation;
  double output_scale;

  ResnetBlock(const weights::Scope& scope, const ResnetShape& shape);

  /// @param x     [B, in, H, W]
  /// @param time  [B, time_dim], the embedding after its activation; undefined where time_dim is 0
  /// @return      [B, out, H, W]
  at::Tensor forward(const at::Tensor& x, const at::Tensor& time) const;
};

}  // namespace furrow::engine::nn
