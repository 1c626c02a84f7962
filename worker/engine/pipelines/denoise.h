#pragma once

#include <memory>
#include <span>

#include <ATen/core/Tensor.h>

#include "worker/engine/diffusion/noise.h"
#include "worker/engine/diffusion/sampler.h"
#include "worker/engine/nn/unet.h"
#include "worker/engine/pipelines/conditioning.h"

namespace furrow::engine::pipelines {

/// One cell between noise and clean latent: everything that decides how it goes on, and nothing
/// that another cell could see.
struct Denoising {
  /// Owns the latent, [1, C, h, w] float32 on the model's device.
  std::unique_ptr<diffusion::Sampler> sampler;
  diffusion::DrawNoise draw;
  Conditioning conditioning;  ///< in the model's dtype and on its device
  nn::AddedConditioning positive_added;  ///< of one row each: SDXL's pooled prompt and sizes, …
  nn::AddedConditioning negative_added;
  double guidance_scale = 1;
  double guidance_rescale = 0;
  /// A model output that was not finite came: the cell is lost and is not advanced any more.
  bool is_broken = false;

  /// How many rows of a forward pass the cell takes: one a prompt, so 2 with guidance.
  std::int64_t rows() const {
    return static_cast<std::int64_t>(conditioning.positives.size()) +
           (conditioning.negative.defined() ? 1 : 0);
  }

  /// The length of its prompts.
  std::int64_t tokens() const { return conditioning.positives.front().prompt.tokens(); }
};

/// Asks the model once for all `cells`, each at its own timestep, and advances each by one call.
///
/// Requires: every cell started and not finished, all latents of one shape, all prompts of one
/// length, all with the same members of AddedConditioning. A cell's result does not depend on the
/// others, up to rounding. Throws what libtorch throws; then no cell was advanced.
void denoise_together(const nn::UNet& unet, std::span<Denoising* const> cells);

}  // namespace furrow::engine::pipelines
