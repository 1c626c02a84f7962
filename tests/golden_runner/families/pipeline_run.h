#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "tests/golden_runner/case.h"
#include "tests/golden_runner/verdict.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/pipelines/denoiser.h"
#include "worker/engine/pipelines/denoising.h"

namespace furrow::golden {

/// A run after its text encoders. Every picture becomes a cell of its own. Tensors of P rows are of
/// P prompts: pictures of one prompt are neighbours.
struct PipelineInputs {
  at::Tensor positive;                                ///< [P, T, D]
  at::Tensor negative;                                ///< the same; undefined without guidance
  engine::nn::AddedConditioning positive_added = {};  ///< of P rows, or of one for all
  engine::nn::AddedConditioning negative_added = {};
  double guidance_scale = 1;  ///< where there is a negative prompt
  nlohmann::json sampling =
      nlohmann::json::object();  ///< settings of the sampler beside those of the call

  /// Starts a cell that has its sampler, draws and conditioning, and sets what else it has.
  std::function<void(engine::pipelines::Denoising& cell, std::int64_t picture)> begin;

  /// Latents [B, C, h, w] as the case stores them.
  std::function<at::Tensor(const at::Tensor& latents)> stored = [](const at::Tensor& latents) {
    return latents;
  };
};

/// What of the case's `call` this runner does not do, as a phrase; nothing when it does all.
///
/// @param also  what the caller does itself
std::optional<std::string> unsupported_in_call(const Case& c,
                                               const std::vector<std::string_view>& also = {});

/// Denoises by config.scheduler and config.call and compares step latents, latents and pictures.
/// Returns the verdict, a skip when the scheduler is not supported.
Verdict check_denoising(const Case& c, Verdict verdict, const engine::pipelines::Denoiser& denoiser,
                        const engine::nn::AutoencoderKl& vae, const PipelineInputs& inputs);

/// The row of a picture; a single row is that of every picture, several are repeated.
at::Tensor row_of(const at::Tensor& rows, std::int64_t picture);

/// A `begin` from unit noise [B, C, h, w].
std::function<void(engine::pipelines::Denoising&, std::int64_t)> from_noise(at::Tensor latents);

}  // namespace furrow::golden
