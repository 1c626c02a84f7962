#include "tests/golden_runner/families/pipeline_run.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/golden_runner/families/sampler_settings.h"
#include "worker/engine/pipelines/batcher.h"
#include "worker/engine/pipelines/decode.h"

namespace furrow::golden {

namespace {

namespace pipelines = engine::pipelines;

constexpr std::array<std::string_view, 4> kOfSampler = {"num_inference_steps", "timesteps",
                                                        "sigmas", "eta"};
constexpr std::array<std::string_view, 5> kOfPipeline = {
    "height", "width", "guidance_scale", "guidance_rescale", "num_images_per_prompt"};

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

nlohmann::json sampler_settings(const Case& c, const PipelineInputs& inputs) {
  nlohmann::json settings = inputs.sampling;
  for (const auto& [key, value] : c.config.at("call").items())
    if (contains(kOfSampler, key)) settings[key] = value;
  return settings;
}

/// The recorded draws of one picture, in the order of use.
engine::diffusion::DrawNoise recorded_draws(const Case& c, std::int64_t picture) {
  auto next = std::make_shared<int>(0);
  return [&c, picture, next] {
    return row_of(c.tensor(fmt::format("in.noise.{}", (*next)++)), picture);
  };
}

engine::nn::AddedConditioning conditioning_of(engine::nn::AddedConditioning added,
                                              std::int64_t row) {
  added.text_embeds = row_of(added.text_embeds, row);
  added.time_ids = row_of(added.time_ids, row);
  added.timestep_cond = row_of(added.timestep_cond, row);
  for (auto& feature : added.adapter_features) feature = row_of(feature, row);
  for (auto& picture : added.image_prompts)
    for (auto& layer : picture.layers) layer = {row_of(layer.keys, row), row_of(layer.values, row)};
  return added;
}

void compare_pictures(const Case& c, Verdict& verdict, const at::Tensor& pictures) {
  const auto& tolerance = c.description.at("tolerance");
  verdict.compare("out.image", pictures, c.tensor("out.image"),
                  {tolerance.value("image_atol", c.tolerance.atol), c.tolerance.rtol});
  if (!c.has("out.image_uint8")) return;
  verdict.compare("out.image_uint8", pipelines::to_bytes(pictures), c.tensor("out.image_uint8"),
                  {tolerance.value("image_uint8_max_difference", 1.0), 0});
}

}  // namespace

std::optional<std::string> unsupported_in_call(const Case& c,
                                               const std::vector<std::string_view>& also) {
  for (const auto& [key, value] : c.config.at("call").items())
    if (!contains(kOfSampler, key) && !contains(kOfPipeline, key) && !contains(also, key))
      return fmt::format("{} is not supported", key);
  return std::nullopt;
}

Verdict check_denoising(const Case& c, Verdict verdict, const pipelines::Denoiser& denoiser,
                        const engine::nn::AutoencoderKl& vae, const PipelineInputs& inputs) {
  using Id = pipelines::Batcher::CellId;
  const auto& call = c.config.at("call");
  const std::int64_t pictures = c.tensor("out.latents").size(0);
  const std::int64_t per_prompt = pictures / inputs.positive.size(0);
  pipelines::Batcher batcher;
  for (std::int64_t i = 0; i < pictures; ++i) {
    auto sampler = sampler_of(c.config.at("scheduler"), sampler_settings(c, inputs));
    if (!sampler) return Verdict::skip(sampler.error().message);
    const std::int64_t prompt = i / per_prompt;
    pipelines::Denoising cell;
    cell.sampler = *std::move(sampler);
    cell.draw = recorded_draws(c, i);
    cell.conditioning.positives = {{inputs.positive.narrow(0, prompt, 1)}};
    cell.positive_added = conditioning_of(inputs.positive_added, prompt);
    if (inputs.negative.defined()) {
      cell.conditioning.negative = inputs.negative.narrow(0, prompt, 1);
      cell.negative_added = conditioning_of(inputs.negative_added, prompt);
      cell.guidance_scale = inputs.guidance_scale;
    }
    cell.guidance_rescale = call.value("guidance_rescale", 0.0);
    inputs.begin(cell, i);
    batcher.add(static_cast<Id>(i), std::move(cell));
  }

  std::vector<at::Tensor> steps;
  while (!batcher.at(0).is_finished() && !batcher.at(0).is_broken) {
    batcher.tick(denoiser);
    std::vector<at::Tensor> latents;
    for (std::int64_t i = 0; i < pictures; ++i)
      latents.push_back(batcher.at(static_cast<Id>(i)).sampler->latent());
    steps.push_back(at::cat(latents));
  }
  std::vector<at::Tensor> stored;
  for (const at::Tensor& latents : steps) stored.push_back(inputs.stored(latents));
  if (c.has("out.step_latents")) verdict.compare(c, "out.step_latents", at::stack(stored));
  verdict.compare(c, "out.latents", stored.back());
  if (c.has("out.latents_unpacked")) verdict.compare(c, "out.latents_unpacked", steps.back());
  compare_pictures(c, verdict, pipelines::decode_latents(vae, steps.back()));
  return verdict;
}

at::Tensor row_of(const at::Tensor& rows, std::int64_t picture) {
  return rows.defined() && rows.size(0) > 1 ? rows.narrow(0, picture % rows.size(0), 1) : rows;
}

std::function<void(pipelines::Denoising&, std::int64_t)> from_noise(at::Tensor latents) {
  return [latents = std::move(latents)](pipelines::Denoising& cell, std::int64_t picture) {
    cell.sampler->start(latents.narrow(0, picture, 1) * cell.sampler->initial_scale());
  };
}

}  // namespace furrow::golden
