#pragma once

#include <ATen/core/Tensor.h>

#include "common/image/image.h"
#include "worker/engine/nn/autoencoder.h"

namespace furrow::engine::pipelines {

/// What a latent looks like, without decoding it: one pixel a latent cell, its colour an affine map
/// of the cell's channels. The map is fitted to the VAE at hand, so it suits every VAE.
class LatentPreview {
 public:
  /// Encodes a chart of colours and solves for the map that takes its latents back to the colours,
  /// in the least-squares sense. Costs one encoding of 128 × 128 pixels.
  static LatentPreview fit(const nn::AutoencoderKl& vae);

  /// @param latent  [1, C, h, w] float32 in the model's own scale, any device
  /// @return        a picture of w × h pixels
  image::Image draw(const at::Tensor& latent) const;

 private:
  explicit LatentPreview(at::Tensor map) : map_(std::move(map)) {}

  at::Tensor map_;  // [C + 1, 3] float32 on the CPU: to RGB in [0, 1]; the last row is the constant
};

}  // namespace furrow::engine::pipelines
