#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/autoencoder_config.h"
#include "worker/engine/nn/layers.h"
#include "worker/engine/nn/resampling.h"
#include "worker/engine/nn/resnet_block.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// Attention of one head over all cells of a feature map, beside a residual.
struct SpatialAttention {
  GroupNorm group_norm;
  Linear to_q;
  Linear to_k;
  Linear to_v;
  Linear to_out;  // "to_out.0"

  SpatialAttention(const weights::Scope& scope, std::int64_t channels, std::int64_t groups);

  /// [B, C, h, w] to the same.
  at::Tensor forward(const at::Tensor& x) const;
};

struct AutoencoderMidBlock {
  std::vector<ResnetBlock> resnets;          // two
  std::vector<SpatialAttention> attentions;  // one between them, or none

  AutoencoderMidBlock(const weights::Scope& scope, const AutoencoderConfig& config);

  at::Tensor forward(at::Tensor x) const;
};

/// DownEncoderBlock2D.
struct EncoderBlock {
  std::vector<ResnetBlock> resnets;
  std::optional<Downsample> downsamplers;  // "downsamplers.0"; none in the last block

  EncoderBlock(const weights::Scope& scope, const AutoencoderConfig& config, std::size_t level);

  at::Tensor forward(at::Tensor x) const;
};

/// UpDecoderBlock2D.
struct DecoderBlock {
  std::vector<ResnetBlock> resnets;
  std::optional<Upsample> upsamplers;  // "upsamplers.0"; none in the last block

  /// `level` counts from the finest, as the encoder's blocks do.
  DecoderBlock(const weights::Scope& scope, const AutoencoderConfig& config, std::size_t level);

  at::Tensor forward(at::Tensor x) const;
};

struct Encoder {
  Conv2d conv_in;
  std::vector<EncoderBlock> down_blocks;
  AutoencoderMidBlock mid_block;
  GroupNorm conv_norm_out;
  Conv2d conv_out;

  Encoder(const weights::Scope& scope, const AutoencoderConfig& config);

  /// [B, in_channels, H, W] to [B, 2 * latent_channels, h, w].
  at::Tensor forward(const at::Tensor& image) const;
};

struct Decoder {
  Conv2d conv_in;
  AutoencoderMidBlock mid_block;
  std::vector<DecoderBlock> up_blocks;
  GroupNorm conv_norm_out;
  Conv2d conv_out;

  Decoder(const weights::Scope& scope, const AutoencoderConfig& config);

  /// [B, latent_channels, h, w] to [B, out_channels, H, W].
  at::Tensor forward(const at::Tensor& latents) const;
};

}  // namespace furrow::engine::nn
