#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/added_conditioning.h"
#include "worker/engine/nn/layers.h"
#include "worker/engine/nn/unet_blocks.h"
#include "worker/engine/nn/unet_config.h"
#include "worker/engine/nn/unet_embedding.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// The denoising network of Stable Diffusion 1.x, 2.x and XL: UNet2DConditionModel of diffusers,
/// after Rombach et al. 2022 (arXiv:2112.10752) and Podell et al. 2023 (arXiv:2307.01952).
/// Immutable once loaded; any thread.
struct UNet {
  UNetConfig config;
  Conv2d conv_in;
  UNetEmbedding embedding;  // "time_embedding", "add_embedding"
  std::vector<UNetDownBlock> down_blocks;
  std::optional<UNetMidBlock> mid_block;
  std::vector<UNetUpBlock> up_blocks;
  GroupNorm conv_norm_out;
  Conv2d conv_out;

  UNet(const weights::Scope& scope, const UNetConfig& config);

  /// @param sample                 [B, in_channels, h, w], any float dtype, any h and w >= 1;
  /// scaled
  ///                               as the schedule asks (scale_model_input). Of 9 channels: latent,
  ///                               mask, masked picture's latent; of 8: latent, picture's latent
  /// @param timesteps              [B] or a scalar, float or integer, 0 .. 1000
  /// @param encoder_hidden_states  [B, T, D], prompt embeddings
  /// @param added                  what else it is conditioned on; SDXL needs some of it
  /// @return                       [B, out_channels, h, w] in the dtype of `sample`: noise, v or
  ///                               whatever the model was trained to predict
  ///
  /// All on the device of the weights; computed in their dtype. Throws c10::Error on other shapes.
  at::Tensor forward(const at::Tensor& sample, const at::Tensor& timesteps,
                     const at::Tensor& encoder_hidden_states,
                     const AddedConditioning& added = {}) const;

  /// The width of every attention to the prompt (attn2), and so of the layers of an ImagePrompt:
  /// those of the down blocks, of the up blocks, of the middle block, each in the order of running.
  const std::vector<std::int64_t>& image_layers() const { return image_layers_; }

 private:
  void number_image_layers();
  void check_inputs(const at::Tensor& sample, const at::Tensor& encoder_hidden_states,
                    const AddedConditioning& added) const;

  std::vector<std::int64_t> image_layers_;
};

}  // namespace furrow::engine::nn
