#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/autoencoder_tiny_config.h"
#include "worker/engine/nn/layers.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// Three convolutions beside a residual.
struct TinyBlock {
  Conv2d conv_0, conv_2, conv_4;  // "conv.0", "conv.2", "conv.4", activations between them
  Activation activation;

  TinyBlock(const weights::Scope& scope, std::int64_t channels, Activation activation);

  /// [B, C, h, w] to the same.
  at::Tensor forward(const at::Tensor& x) const;
};

/// One resolution.
struct TinyLevel {
  Conv2d conv;  // the encoder's before the blocks, the decoder's after them
  std::vector<TinyBlock> blocks;
};

struct TinyEncoder {
  std::vector<TinyLevel> levels;  // finest first
  Conv2d conv_out;

  TinyEncoder(const weights::Scope& scope, const AutoencoderTinyConfig& config);
};

struct TinyDecoder {
  Conv2d conv_in;
  std::vector<TinyLevel> levels;  // coarsest first

  TinyDecoder(const weights::Scope& scope, const AutoencoderTinyConfig& config);
};

/// A VAE of a hundredth of the size, distilled from a full one (TAESD, Bohan 2023): for previews,
/// and where memory is scarce. AutoencoderTiny of diffusers. It has no distribution: what it
/// encodes is the latent. Immutable once loaded; any thread.
struct AutoencoderTiny {
  AutoencoderTinyConfig config;
  TinyEncoder encoder;
  TinyDecoder decoder;

  AutoencoderTiny(const weights::Scope& scope, const AutoencoderTinyConfig& config);

  /// @param image  [B, in_channels, H, W], any float dtype, in [-1, 1]
  /// @return       [B, latent_channels, h, w] in the dtype of `image`, in the scale of diffusion;
  ///               h and w are H and W halved once per level but the first, rounded up
  at::Tensor encode(const at::Tensor& image) const;

  /// @param latents  [B, latent_channels, h, w], any float dtype, in the scale of diffusion
  /// @return         [B, out_channels, h * f, w * f] with f the upsampling factors' product, in the
  ///                 dtype of `latents`, about [-1, 1]
  at::Tensor decode(const at::Tensor& latents) const;

  /// Latents as numbers of a picture, clamped to [0, 1], and back.
  at::Tensor scale_latents(const at::Tensor& latents) const;
  at::Tensor unscale_latents(const at::Tensor& picture) const;
};

}  // namespace furrow::engine::nn
