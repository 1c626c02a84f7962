#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/pipelines/denoising.h"

/// Runs that begin with a picture. Each takes a cell with its sampler, draws and conditioning, and
/// starts it; noise is drawn in the reference's order, so that seeds give the same pictures.
namespace furrow::engine::pipelines {

/// A picture's latent, drawn from the VAE's posterior: mean + deviation · noise.
///
/// @param picture  [1, 3, H, W] in [0, 1]
/// @param noise    [1, C, h, w] unit normal
/// @return         [1, C, h, w] float32, VAE-scaled
at::Tensor encode_picture(const nn::AutoencoderKl& vae, const at::Tensor& picture,
                          const at::Tensor& noise);

/// A picture's latent at another size: bilinear between its cells (A1111's "latent upscale").
/// Nothing is drawn, it is of the posterior's mean.
///
/// @param picture  [1, 3, H, W] in [0, 1], of any size
/// @return         [1, C, height, width] float32, VAE-scaled
at::Tensor encode_resized(const nn::AutoencoderKl& vae, const at::Tensor& picture,
                          std::int64_t height, std::int64_t width);

/// The step that a run of `steps` begins with at a denoising strength (Meng et al. 2021, SDEdit,
/// arXiv:2108.01073): 1 does all, 0.3 the last three of ten.
/// Errors: Invalid, when the strength is not within 0 … 1 or leaves no step to do.
Result<int> first_step_of(const diffusion::Sampler& sampler, double strength);

/// Starts from `latent` with noise as the strength says. Draws that noise.
///
/// @param latent  [1, C, h, w] clean, VAE-scaled
/// Errors: as first_step_of.
Result<void> begin_from_latent(Denoising& cell, const at::Tensor& latent, double strength);

/// Starts from a picture. Draws for its latent, then the noise.
///
/// @param picture  [1, 3, H, W] in [0, 1]
/// Errors: as first_step_of.
Result<void> begin_image_to_image(Denoising& cell, const nn::AutoencoderKl& vae,
                                  const at::Tensor& picture, double strength);

}  // namespace furrow::engine::pipelines
