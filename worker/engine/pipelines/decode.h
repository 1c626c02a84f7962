#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "common/image/image.h"
#include "worker/engine/nn/autoencoder.h"

namespace furrow::engine::pipelines {

/// Latents to pictures.
///
/// @param latents  [B, C, h, w] float32 in the model's own scale (VAE-scaled), any device
/// @return         [B, 3, H, W] float32 in [0, 1], same device
at::Tensor decode_latents(const nn::AutoencoderKl& vae, const at::Tensor& latents);

/// [B, 3, H, W] in [0, 1] to uint8 RGB [B, H, W, 3] on the CPU; half is rounded to even.
at::Tensor to_bytes(const at::Tensor& pictures);

/// The same as pictures of their own.
std::vector<image::Image> to_images(const at::Tensor& pictures);

}  // namespace furrow::engine::pipelines
