#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/layers.h"
#include "worker/engine/nn/timestep_embedding.h"
#include "worker/engine/nn/unet_blocks.h"
#include "worker/engine/nn/unet_config.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// The denoising network of Stable Diffusion 1.x and 2.x: UNet2DConditionModel of diffusers, after
/// Rombach et al. 2022 (arXiv:2112.10752). Immutable once loaded; any thread.
struct UNet {
  UNetConfig config;
  Conv2d conv_in;
  TimestepEmbedding time_embedding;
  std::vector<UNetDownBlock> down_blocks;
  std::optional<UNetMidBlock> mid_block;
  std::vector<UNetUpBlock> up_blocks;
  GroupNorm conv_norm_out;
  Conv2d conv_out;

  UNet(const weights::Scope& scope, const UNetConfig& config);

  /// @param sample                 [B, in_channels, h, w], any float dtype, any h and w >= 1;
  /// scaled
  ///                               as the schedule asks (scale_model_input)
  /// @param timesteps              [B] or a scalar, float or integer, 0 .. 1000
  /// @param encoder_hidden_states  [B, T, D], prompt embeddings
  /// @return                       [B, out_channels, h, w] in the dtype of `sample`: noise, v or
  ///                               whatever the model was trained to predict
  ///
  /// All on the device of the weights; computed in their dtype. Throws c10::Error on other shapes.
  at::Tensor forward(const at::Tensor& sample, const at::Tensor& timesteps,
                     const at::Tensor& encoder_hidden_states) const;
};

}  // namespace furrow::engine::nn
