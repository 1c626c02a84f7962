#pragma once

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/pipelines/denoising.h"

/// Two models for one picture: the first takes out most of the noise, the second, which knows
/// little noise only, the rest (Podell et al. 2023, arXiv:2307.01952, section 2.5). They change
/// over at a level of noise, counted in the timesteps that they were trained on.
namespace furrow::engine::pipelines {

/// The step that a second model begins with when it takes over after `share` of the way from noise
/// to clean; step_count() when none is left.
int first_step_after(const diffusion::Sampler& sampler, double share);

/// Lets a started cell end where the second model takes over.
/// Errors: Invalid, when `share` does not lie between 0 and 1 or leaves either model no step.
Result<void> end_after(Denoising& cell, double share);

/// Starts a cell of the second model from the latent that the first left; no noise is added.
///
/// @param latent  [1, C, h, w] as noisy as the cell's schedule has it there
/// Errors: Invalid, when `share` does not lie between 0 and 1 or leaves no step.
Result<void> begin_refining(Denoising& cell, const at::Tensor& latent, double share);

}  // namespace furrow::engine::pipelines
