#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "furrow/v1/recipe.pb.h"
#include "worker/engine/diffusion/noise.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/pipelines/denoising.h"

/// Runs that begin with nothing but noise.
namespace furrow::engine::pipelines {

/// Largest width and height that is taken, in pixels.
inline constexpr std::uint32_t kMaxSide = 8192;

/// The shape of a recipe's latent, [1, C, H / f, W / f].
///
/// @param patch  so many of its cells a side are one token of the network
/// Errors: Invalid, when a side is 0, too large, or not a multiple of the VAE's factor and the
/// patch.
Result<std::vector<std::int64_t>> latent_shape(const nn::AutoencoderKl& vae,
                                               const v1::Recipe& recipe, std::int64_t patch = 1);

/// Unit normal noise of a seed's first draw, [1, C, h, w] float32 on the CPU: the same for every
/// sampler, device and batch.
at::Tensor init_latent(diffusion::NoiseSource& noise, at::IntArrayRef shape);

/// Starts a cell from pure noise, which it draws.
void begin_from_noise(Denoising& cell);

}  // namespace furrow::engine::pipelines
