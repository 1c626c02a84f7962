// Runs of the networks of flow matching: SD3, SD3.5 and Flux.

#include <utility>

#include <ATen/ATen.h>

#include "tests/golden_runner/families/pipeline_inputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/networks.h"
#include "worker/engine/model/transformers.h"
#include "worker/engine/pipelines/schedule_request.h"
#include "worker/engine/pipelines/text_conditioning.h"

namespace furrow::golden {

namespace {

namespace pipelines = engine::pipelines;

// What the pipeline tells the scheduler of the picture's size.
nlohmann::json sampling_of(const Case& c, const pipelines::Denoiser& denoiser,
                           const at::Tensor& latents) {
  const auto scheduler =
      or_throw(engine::diffusion::parse_scheduler_config(c.config.at("scheduler")));
  const auto request = pipelines::schedule_request(
      denoiser.traits(), scheduler, in_call(c, "num_inference_steps", 0), latents.sizes());
  auto settings = nlohmann::json::object();
  if (request.mu) settings["mu"] = *request.mu;
  if (!request.sigmas.empty()) settings["sigmas"] = request.sigmas;
  return settings;
}

// The prompt of SD3 from what its three encoders give, where the case has that.
at::Tensor sd3_prompt(const Case& c, Verdict& verdict, const std::string& prefix) {
  const auto name = "in." + prefix + "prompt_embeds";
  if (!c.has("in." + prefix + "clip_l_states")) return c.tensor(name);
  const at::Tensor joined = or_throw(pipelines::join_sd3_states(
      c.tensor("in." + prefix + "clip_l_states"), c.tensor("in." + prefix + "clip_g_states"),
      c.tensor("in." + prefix + "t5_states")));
  verdict.compare(c, name, joined);
  return joined;
}

}  // namespace

Verdict check_sd3_run(const Case& c) {
  if (const auto missing =
          unsupported_in_call(c, {"skip_guidance_layers", "skip_layer_guidance_scale",
                                  "skip_layer_guidance_start", "skip_layer_guidance_stop"}))
    return Verdict::skip(*missing);
  constexpr double kDefaultGuidance = 7.0;
  const auto transformer =
      or_throw(engine::load_mmdit(c.model("transformer"), at::kFloat, at::kCPU));
  const auto vae = or_throw(engine::load_autoencoder(c.model("vae"), at::kFloat, at::kCPU));
  const pipelines::MmditDenoiser denoiser(*transformer);
  Verdict verdict;
  auto inputs = prompt_inputs(c, kDefaultGuidance);
  inputs.positive = sd3_prompt(c, verdict, "");
  inputs.positive_added.text_embeds = c.tensor("in.pooled_prompt_embeds");
  if (inputs.negative.defined()) {
    inputs.negative = sd3_prompt(c, verdict, "negative_");
    inputs.negative_added.text_embeds = c.tensor("in.negative_pooled_prompt_embeds");
  }
  const at::Tensor latents = c.tensor("in.latents");
  inputs.sampling = sampling_of(c, denoiser, latents);
  inputs.begin = [&, begin = from_noise(latents)](pipelines::Denoising& cell,
                                                  std::int64_t picture) {
    begin(cell, picture);
    pipelines::SkipLayerGuidance skip;
    skip.layers = in_call(c, "skip_guidance_layers", skip.layers);
    skip.scale = in_call(c, "skip_layer_guidance_scale", skip.scale);
    skip.window = {in_call(c, "skip_layer_guidance_start", skip.window.start),
                   in_call(c, "skip_layer_guidance_stop", skip.window.end)};
    if (!skip.layers.empty()) cell.skip_layers = skip;
  };
  return check_denoising(c, std::move(verdict), denoiser, *vae, inputs);
}

Verdict check_flux_run(const Case& c) {
  if (const auto missing = unsupported_in_call(c, {"true_cfg_scale"}))
    return Verdict::skip(*missing);
  constexpr double kDefaultGuidance = 3.5;
  const auto transformer =
      or_throw(engine::load_flux(c.model("transformer"), at::kFloat, at::kCPU));
  const auto vae = or_throw(engine::load_autoencoder(c.model("vae"), at::kFloat, at::kCPU));
  const pipelines::FluxDenoiser denoiser(*transformer);
  const at::Tensor latents = c.tensor("in.latents_unpacked");
  const auto patch = denoiser.traits().patch;

  PipelineInputs inputs;
  inputs.positive = c.tensor("in.prompt_embeds");
  inputs.positive_added.text_embeds = c.tensor("in.pooled_prompt_embeds");
  const double true_guidance = in_call(c, "true_cfg_scale", 1.0);
  if (true_guidance > 1 && c.has("in.negative_prompt_embeds")) {
    inputs.negative = c.tensor("in.negative_prompt_embeds");
    inputs.negative_added.text_embeds = c.tensor("in.negative_pooled_prompt_embeds");
    inputs.guidance_scale = true_guidance;
  }
  inputs.sampling = sampling_of(c, denoiser, latents);
  inputs.begin = [&, begin = from_noise(latents)](pipelines::Denoising& cell,
                                                  std::int64_t picture) {
    if (denoiser.traits().is_told_guidance)
      cell.embedded_guidance = in_call(c, "guidance_scale", kDefaultGuidance);
    begin(cell, picture);
  };
  inputs.stored = pipelines::flux_tokens;

  Verdict verdict;
  verdict.compare(c, "in.latents", pipelines::flux_tokens(latents));
  if (c.has("out.image_ids"))
    verdict.compare(c, "out.image_ids",
                    pipelines::flux_image_ids(latents.size(2) / patch, latents.size(3) / patch));
  return check_denoising(c, std::move(verdict), denoiser, *vae, inputs);
}

}  // namespace furrow::golden
