#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/autoencoder.h"

/// The VAE in less memory: in overlapping tiles, or one picture of a batch after another.
namespace furrow::engine::nn {

/// The tiles that a picture is taken apart into. The network sees no further than a tile, so that
/// tiles differ a little where they meet; they overlap, and fade into each other there.
struct AutoencoderTiling {
  std::int64_t sample_size = 512;  ///< side of a tile in pixels
  std::int64_t latent_size = 64;   ///< the same in latent cells
  double overlap = 0.25;           ///< the part of a tile that the next one covers too, below 1

  /// Tiles of the size that the VAE was trained on.
  static AutoencoderTiling of(const AutoencoderConfig& config);
};

/// AutoencoderKl::encode, tile by tile where the picture is larger than one.
///
/// Throws c10::Error where encode does, and on tiles that do not add up to the picture: sizes times
/// 1 - overlap should be whole numbers of latent cells.
at::Tensor encode_tiled(const AutoencoderKl& vae, const at::Tensor& image,
                        const AutoencoderTiling& tiling);

/// AutoencoderKl::decode, likewise.
at::Tensor decode_tiled(const AutoencoderKl& vae, const at::Tensor& latents,
                        const AutoencoderTiling& tiling);

/// AutoencoderKl::encode and decode, one picture of the batch at a time.
at::Tensor encode_sliced(const AutoencoderKl& vae, const at::Tensor& image);
at::Tensor decode_sliced(const AutoencoderKl& vae, const at::Tensor& latents);

}  // namespace furrow::engine::nn
