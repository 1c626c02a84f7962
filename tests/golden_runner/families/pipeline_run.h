#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "tests/golden_runner/case.h"
#include "tests/golden_runner/verdict.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/nn/unet.h"

namespace furrow::golden {

/// A run of Stable Diffusion after its text encoder.
struct PipelineInputs {
  at::Tensor latents;   ///< [B, C, h, w], unit noise; every picture becomes a cell of its own
  at::Tensor positive;  ///< [P, T, D] with B a multiple of P: pictures of one prompt are neighbours
  at::Tensor negative;  ///< the same; undefined without guidance
  engine::nn::AddedConditioning positive_added = {};  ///< of P rows, or of one for all
  engine::nn::AddedConditioning negative_added = {};
  double last_timestep = 0;  ///< calls at lower ones are left out
};

/// What of the case's `call` this runner does not do, as a phrase; nothing when it does all.
///
/// @param also  what the caller does itself
std::optional<std::string> unsupported_in_call(const Case& c,
                                               const std::vector<std::string_view>& also = {});

/// Denoises by config.scheduler and config.call and compares step latents, latents and pictures.
/// Returns the verdict, a skip when the scheduler is not supported.
Verdict check_denoising(const Case& c, Verdict verdict, const engine::nn::UNet& unet,
                        const engine::nn::AutoencoderKl& vae, const PipelineInputs& inputs);

/// The runs of the families t2i_adapter and ip_adapter.
Verdict check_adapter_pipeline(const Case& c);
Verdict check_picture_prompt_pipeline(const Case& c);

/// Whether diffusers guides at this case's scale.
bool is_guided(const Case& c);

}  // namespace furrow::golden
