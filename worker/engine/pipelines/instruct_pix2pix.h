#pragma once

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/pipelines/denoising.h"

/// InstructPix2Pix (Brooks et al. 2022, arXiv:2211.09800): the prompt says what becomes of a
/// picture, which the network sees beside the latent.
namespace furrow::engine::pipelines {

struct InstructOptions {
  double strength = 1;        ///< 1: begins with pure noise; less: with the picture, noised
  double image_guidance = 1;  ///< 1 or more: how strongly the result keeps to the picture
};

/// Starts a cell of such a network. Draws the noise, with a strength below 1 for the picture's
/// latent first.
///
/// @param picture  [1, 3, H, W] in [0, 1]
/// Errors: Invalid for a guidance that is not finite, and as first_step_of.
Result<void> begin_instructed(Denoising& cell, const nn::AutoencoderKl& vae,
                              const at::Tensor& picture, const InstructOptions& options);

}  // namespace furrow::engine::pipelines
