#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/resampling.h"
#include "worker/engine/nn/resnet_block.h"
#include "worker/engine/nn/transformer.h"
#include "worker/engine/nn/unet_config.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// What every block is shifted by and attends to.
struct UNetConditioning {
  at::Tensor time;  ///< [B, time_embedding_dim] after the activation
  Attended attended;
};

/// DownBlock2D and CrossAttnDownBlock2D.
struct UNetDownBlock {
  std::vector<ResnetBlock> resnets;
  std::vector<Transformer2d> attentions;   // one a resnet, or none
  std::optional<Downsample> downsamplers;  // "downsamplers.0"; none in the last block

  UNetDownBlock(const weights::Scope& scope, const UNetConfig& config, std::size_t level);

  /// x [B, C, h, w]. Every result is also appended to `skips`, for the up blocks. `feature` of a
  /// T2I-Adapter, unless undefined, is added to what the last layer with attention gives, or to
  /// the block's result where there is no attention.
  at::Tensor forward(at::Tensor x, const UNetConditioning& conditioning,
                     std::vector<at::Tensor>& skips, const at::Tensor& feature = {}) const;
};

/// UNetMidBlock2DCrossAttn and UNetMidBlock2D.
struct UNetMidBlock {
  std::vector<ResnetBlock> resnets;       // two, or one where there is no attention
  std::vector<Transformer2d> attentions;  // one between them, or none

  UNetMidBlock(const weights::Scope& scope, const UNetConfig& config);

  at::Tensor forward(at::Tensor x, const UNetConditioning& conditioning) const;
};

/// UpBlock2D and CrossAttnUpBlock2D.
struct UNetUpBlock {
  std::vector<ResnetBlock> resnets;
  std::vector<Transformer2d> attentions;
  std::optional<Upsample> upsamplers;  // "upsamplers.0"; none in the last block

  /// `level` counts from the finest, as the down blocks do.
  UNetUpBlock(const weights::Scope& scope, const UNetConfig& config, std::size_t level);

  /// Takes one of `skips`, from the end, for every resnet; upsamples to the size of the next.
  at::Tensor forward(at::Tensor x, const UNetConditioning& conditioning,
                     std::vector<at::Tensor>& skips) const;
};

}  // namespace furrow::engine::nn
