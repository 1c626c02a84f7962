#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/prompt/lora_tag.h"
#include "worker/engine/diffusion/noise.h"
#include "worker/engine/diffusion/sampler.h"
#include "worker/engine/nn/added_conditioning.h"
#include "worker/engine/nn/controlnet.h"
#include "worker/engine/pipelines/conditioning.h"
#include "worker/engine/weights/parameter_table.h"

namespace furrow::engine::pipelines {

/// A part of a run, in shares of its calls: 0 is its beginning, 1 its end.
struct RunWindow {
  double start = 0;
  double end = 1;
};

/// A ControlNet that a cell asks.
struct Control {
  std::shared_ptr<const nn::ControlNet> net;
  at::Tensor embedded;  ///< [1, C, h, w], what net->embed() makes of the control picture
  double scale = 1;
  RunWindow window;  ///< it is asked in the calls that lie wholly within
  /// It guides by itself: it is asked for the positive prompts only, weaker for finer skips.
  bool guess = false;

  /// A net whose residuals have no place guides no other way.
  bool is_for_positives_only() const { return guess || net->config.global_pool_conditions; }
};

/// A LoRA on the denoising network, and how much of it at which step.
struct CellLora {
  std::shared_ptr<const weights::NetworkAdapters> adapters;
  prompt::StepStrength strength;
};

/// Skip layer guidance (Stability AI 2024, github.com/Stability-AI/sd3.5): away from what the
/// transformer predicts without some of its blocks.
struct SkipLayerGuidance {
  std::vector<std::int64_t> layers;  ///< the blocks left out, from 0
  double scale = 2.8;
  RunWindow window = {0.01, 0.2};  ///< it holds in the calls between, without the two themselves
};

/// The part of a picture that inpainting with an ordinary network keeps: after each call it is put
/// back as noisy as the latent then is. (Lugmayr et al. 2022, arXiv:2201.09865, section 4.1)
struct KnownRegion {
  at::Tensor latent;   ///< [1, C, h, w] clean, VAE-scaled
  at::Tensor noise;    ///< [1, C, h, w] unit normal; the same in every call
  at::Tensor repaint;  ///< [1, 1, h, w], 1 where the picture is made anew, 0 where it is kept
};

/// Channels that the network sees beside the latent's: mask and masked picture of an inpainting
/// network, the picture of InstructPix2Pix.
struct ExtraChannels {
  at::Tensor channels;  ///< [1, E, h, w]; undefined: none
  /// How strongly the picture itself guides (Brooks et al. 2022, arXiv:2211.09800, section 3.2.1);
  /// the network is then asked once more, without the picture. Absent: it does not.
  std::optional<double> guidance_scale;
};

/// One cell between noise and clean latent: everything that decides how it goes on, and nothing
/// that another cell could see. Tensors are on the model's device.
struct Denoising {
  /// Owns the latent, [1, C, h, w] float32.
  std::unique_ptr<diffusion::Sampler> sampler;
  diffusion::DrawNoise draw;
  /// The noise that it begins with; absent: the first of its draws.
  diffusion::DrawNoise first_noise;
  Conditioning conditioning;             ///< in the model's dtype
  nn::AddedConditioning positive_added;  ///< of one row each: SDXL's pooled prompt and sizes, …
  nn::AddedConditioning negative_added;
  double guidance_scale = 1;
  double guidance_rescale = 0;
  double guidance_end = 1;  ///< share of the calls after which nothing but its prompts is asked
  std::optional<double> embedded_guidance;  ///< what a network that guides itself is told
  std::optional<SkipLayerGuidance> skip_layers;
  ExtraChannels extra;
  std::vector<Control> controls;
  std::optional<KnownRegion> known;
  std::vector<CellLora> loras;
  int first_call = 0;  ///< where the run began
  int first_step = 0;  ///< the step that schedules in prompts, and LoRAs, count as their first
  std::optional<int> end_call;  ///< where it ends before the schedule does: a refiner goes on
  /// A model output that was not finite came: the cell is lost and is not advanced any more.
  bool is_broken = false;
  /// The sampler threw half-way through a call: its history and its draws are no longer those of
  /// any call, so the cell is lost and is not advanced any more.
  bool is_torn = false;

  bool is_finished() const {
    return sampler->is_finished() || (end_call && sampler->call() >= *end_call);
  }

  at::Tensor draw_first() const { return first_noise ? first_noise() : draw(); }

  bool is_guided_by_picture() const {
    return extra.guidance_scale.has_value() && conditioning.negative.defined();
  }

  /// How many rows of a forward pass the cell takes at most: one a prompt, so 2 with guidance, and
  /// one for each further guidance.
  std::int64_t rows() const {
    return static_cast<std::int64_t>(conditioning.positives.size()) +
           (conditioning.negative.defined() ? 1 : 0) + (is_guided_by_picture() ? 1 : 0) +
           (skip_layers ? 1 : 0);
  }

  /// The length of its prompts.
  std::int64_t tokens() const { return conditioning.positives.front().prompt.tokens(); }
};

}  // namespace furrow::engine::pipelines
