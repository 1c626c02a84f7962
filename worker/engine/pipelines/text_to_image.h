#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "furrow/v1/recipe.pb.h"
#include "worker/engine/diffusion/scheduler_config.h"
#include "worker/engine/model/stable_diffusion.h"
#include "worker/engine/pipelines/conditioning.h"
#include "worker/engine/pipelines/denoise.h"

/// From a recipe to a cell that is ready to be denoised. After that: Batcher, then decode_latents.
namespace furrow::engine::pipelines {

/// Largest width and height that is taken, in pixels.
inline constexpr std::uint32_t kMaxSide = 8192;

/// The shape of a recipe's latent, [1, C, H / f, W / f].
/// Errors: Invalid, when a side is 0, too large, or not a multiple of the VAE's factor.
Result<std::vector<std::int64_t>> latent_shape(const nn::AutoencoderKl& vae,
                                               const v1::Recipe& recipe);

/// Unit normal noise of a seed's first draw, [1, C, h, w] float32 on the CPU: the same for every
/// sampler, device and batch.
at::Tensor init_latent(diffusion::NoiseSource& noise, at::IntArrayRef shape);

/// A cell at the beginning of its run.
///
/// @param scheduler  the model's own scheduler config
/// Errors: Invalid, naming the parameter of the recipe that cannot be used and what could.
Result<Denoising> begin_text_to_image(const StableDiffusion& model,
                                      const diffusion::SchedulerConfig& scheduler,
                                      const v1::Recipe& recipe, Conditioning conditioning);

}  // namespace furrow::engine::pipelines
