#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/layers.h"
#include "worker/engine/nn/t2i_adapter_config.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// Two convolutions beside a residual.
struct AdapterResnet {
  Conv2d block1;  // 3x3
  Conv2d block2;  // 1x1, in light adapters 3x3

  AdapterResnet(const weights::Scope& scope, std::int64_t channels, std::int64_t second_kernel);

  /// [B, C, h, w] to the same.
  at::Tensor forward(const at::Tensor& x) const;
};

/// How one level of an adapter is built.
struct AdapterLevelShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t res_blocks = 0;
  bool is_halved = false;  ///< by averages of 2x2; an odd size is rounded up
  bool is_light = false;   ///< a quarter of the channels inside
};

/// One level.
struct AdapterLevel {
  std::optional<Conv2d> in_conv;  // 1x1
  std::vector<AdapterResnet> resnets;
  std::optional<Conv2d> out_conv;  // 1x1, in light adapters
  bool is_halved;

  AdapterLevel(const weights::Scope& scope, const AdapterLevelShape& shape);

  at::Tensor forward(at::Tensor x) const;
};

/// A small network that turns a picture into features which a UNet adds to its own (Mou et al.
/// 2023, arXiv:2302.08453), once for all steps. Immutable once loaded; any thread.
struct T2iAdapter {
  T2iAdapterConfig config;
  std::optional<Conv2d> conv_in;   // "adapter.conv_in"; none in light adapters
  std::vector<AdapterLevel> body;  // "adapter.body"

  T2iAdapter(const weights::Scope& scope, const T2iAdapterConfig& config);

  /// @param picture  [B, in_channels, H, W] in [0, 1], any float dtype; sides are multiples of
  ///                 downscale_factor
  /// @return         a feature for each level, finest first, in the dtype of `picture`:
  ///                 AddedConditioning::adapter_features once they are scaled
  std::vector<at::Tensor> forward(const at::Tensor& picture) const;
};

}  // namespace furrow::engine::nn
