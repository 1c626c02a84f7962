#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/autoencoder_blocks.h"
#include "worker/engine/nn/autoencoder_config.h"
#include "worker/engine/nn/layers.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// The VAE between pixels and latents: AutoencoderKL of diffusers, after Rombach et al. 2022
/// (arXiv:2112.10752). Immutable once loaded; any thread.
struct AutoencoderKl {
  AutoencoderConfig config;
  Encoder encoder;
  Decoder decoder;
  std::optional<Conv2d> quant_conv;       // 1x1 over the moments
  std::optional<Conv2d> post_quant_conv;  // 1x1 over the latents

  AutoencoderKl(const weights::Scope& scope, const AutoencoderConfig& config);

  /// @param image  [B, in_channels, H, W], any float dtype, in [-1, 1]
  /// @return       [B, 2 * latent_channels, h, w] in the dtype of `image`: means, then
  ///               log-variances as the network gives them (to be clamped to -30 .. 20); unscaled.
  ///               h and w are H and W halved once per block but the last, rounded down
  at::Tensor encode(const at::Tensor& image) const;

  /// @param latents  [B, latent_channels, h, w], any float dtype, unscaled (divided by
  ///                 scaling_factor, shift_factor added)
  /// @return         [B, out_channels, h * f, w * f] with f = config.spatial_factor(), in the dtype
  ///                 of `latents`, about [-1, 1]
  at::Tensor decode(const at::Tensor& latents) const;
};

}  // namespace furrow::engine::nn
