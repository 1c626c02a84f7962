#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/added_conditioning.h"
#include "worker/engine/nn/controlnet_config.h"
#include "worker/engine/nn/layers.h"
#include "worker/engine/nn/unet_blocks.h"
#include "worker/engine/nn/unet_embedding.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// Convolutions that bring the control picture to the size of the latent.
struct ControlEmbedding {
  Conv2d conv_in;
  std::vector<Conv2d> blocks;  // by turns of the same size and halving
  Conv2d conv_out;

  ControlEmbedding(const weights::Scope& scope, const ControlNetConfig& config);

  /// [B, conditioning_channels, H, W] to [B, C, h, w].
  at::Tensor forward(const at::Tensor& picture) const;
};

/// How strongly a ControlNet acts.
struct ControlStrength {
  double scale = 1;    ///< of all residuals
  bool guess = false;  ///< weaker for finer skips: 0.1 for the first, 1 for the middle block
};

/// A copy of a UNet's down path and middle block that sees a picture and gives what the UNet shall
/// add (Zhang et al. 2023, arXiv:2302.05543). Immutable once loaded; any thread.
struct ControlNet {
  ControlNetConfig config;
  Conv2d conv_in;
  UNetEmbedding embedding;  // "time_embedding", "add_embedding"
  ControlEmbedding controlnet_cond_embedding;
  std::vector<UNetDownBlock> down_blocks;
  std::optional<UNetMidBlock> mid_block;
  std::vector<Conv2d> controlnet_down_blocks;  // 1x1, one a skip
  Conv2d controlnet_mid_block;                 // 1x1

  ControlNet(const weights::Scope& scope, const ControlNetConfig& config);

  /// The picture as it goes into forward(); the same for every step.
  ///
  /// @param picture  [B, conditioning_channels, H, W] RGB in [0, 1], any float dtype
  /// @return         [B, C, h, w] in the dtype of the weights
  at::Tensor embed(const at::Tensor& picture) const;

  /// @param sample                 [B, in_channels, h, w], as for the UNet
  /// @param timesteps              [B] or a scalar, as for the UNet
  /// @param encoder_hidden_states  [B, T, D], prompt embeddings
  /// @param embedded               what embed() gave, of the size of `sample`
  /// @param strength               how strongly it acts
  /// @param added                  text_embeds and time_ids, for SDXL
  /// @return                       residuals for UNet::forward, in the dtype of the weights
  ///
  /// All on the device of the weights; computed in their dtype. Throws c10::Error on other shapes.
  ControlResiduals forward(const at::Tensor& sample, const at::Tensor& timesteps,
                           const at::Tensor& encoder_hidden_states, const at::Tensor& embedded,
                           ControlStrength strength = {},
                           const AddedConditioning& added = {}) const;
};

}  // namespace furrow::engine::nn
