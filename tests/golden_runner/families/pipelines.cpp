// pipelines: whole runs of Stable Diffusion from prompt embeddings and recorded noise to a picture.

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/added_inputs.h"
#include "tests/golden_runner/families/pipeline_run.h"
#include "worker/engine/model/networks.h"
#include "worker/engine/nn/timestep_embedding.h"

namespace furrow::golden {

namespace {

// What the case gives as the prompt without the text encoders.
PipelineInputs prompt_inputs(const Case& c) {
  PipelineInputs inputs;
  inputs.latents = c.tensor("in.latents");
  inputs.positive = c.tensor("in.prompt_embeds");
  if (is_guided(c)) {
    // Without a negative prompt SDXL has zeros.
    inputs.negative = c.has("in.negative_prompt_embeds") ? c.tensor("in.negative_prompt_embeds")
                                                         : at::zeros_like(inputs.positive);
  }
  return inputs;
}

// Two numbers of the call, height and width or top and left.
std::vector<double> pair_of(const nlohmann::json& call, const std::string& key,
                            std::vector<double> otherwise) {
  const auto value = call.value(key, nlohmann::json());
  return value.is_null() ? otherwise : value.get<std::vector<double>>();
}

// Original height and width, crop top and left, target height and width.
at::Tensor time_ids(const nlohmann::json& call, const std::string& prefix,
                    const std::vector<double>& size) {
  std::vector<double> ids;
  for (const auto& part : {pair_of(call, prefix + "original_size", size),
                           pair_of(call, prefix + "crops_coords_top_left", {0, 0}),
                           pair_of(call, prefix + "target_size", size)}) {
    ids.insert(ids.end(), part.begin(), part.end());
  }
  return at::tensor(ids, at::kFloat).unsqueeze(0);
}

void add_sdxl_inputs(const Case& c, PipelineInputs& inputs) {
  const auto& call = c.config.at("call");
  const std::vector<double> size = {call.at("height").get<double>(),
                                    call.at("width").get<double>()};
  inputs.positive_added.text_embeds = c.tensor("in.pooled_prompt_embeds");
  inputs.positive_added.time_ids = time_ids(call, "", size);
  if (!inputs.negative.defined()) return;
  inputs.negative_added.text_embeds = c.has("in.negative_pooled_prompt_embeds")
                                          ? c.tensor("in.negative_pooled_prompt_embeds")
                                          : at::zeros_like(inputs.positive_added.text_embeds);
  const bool has_sizes =
      call.contains("negative_original_size") && call.contains("negative_target_size");
  inputs.negative_added.time_ids =
      has_sizes ? time_ids(call, "negative_", size) : inputs.positive_added.time_ids;
}

// The base model of two ends where the refiner begins: at this part of the training's timesteps.
double last_timestep(const Case& c) {
  const auto end = c.config.at("call").value("denoising_end", nlohmann::json());
  if (end.is_null()) return 0;
  const auto count = c.config.at("scheduler").value("num_train_timesteps", 1000.0);
  return std::nearbyint(count - end.get<double>() * count);
}

Verdict run(const Case& c, PipelineInputs inputs) {
  const auto unet = value_or_throw(engine::load_unet(c.model("unet"), at::kFloat, at::kCPU));
  const auto vae = value_or_throw(engine::load_autoencoder(c.model("vae"), at::kFloat, at::kCPU));
  const auto guidance_width = unet->config.time_cond_proj_dim;
  if (guidance_width > 0) {  // the network was taught to guide itself
    inputs.negative = at::Tensor();
    const auto guidance = c.config.at("call").value("guidance_scale", 7.5) - 1;
    inputs.positive_added.timestep_cond =
        engine::nn::guidance_embedding(at::tensor({guidance}), guidance_width);
  }
  return check_denoising(c, {}, *unet, *vae, inputs);
}

}  // namespace

Verdict check_pipelines(const Case& c) {
  const auto pipeline = c.description.at("reference").value("class", "");
  if (pipeline == "diffusers.StableDiffusionPipeline") {
    if (const auto missing = unsupported_in_call(c)) return Verdict::skip(*missing);
    return run(c, prompt_inputs(c));
  }
  if (pipeline == "diffusers.StableDiffusionXLPipeline") {
    if (const auto missing =
            unsupported_in_call(c, {"denoising_end", "original_size", "crops_coords_top_left",
                                    "target_size", "negative_original_size",
                                    "negative_crops_coords_top_left", "negative_target_size"}))
      return Verdict::skip(*missing);
    auto inputs = prompt_inputs(c);
    add_sdxl_inputs(c, inputs);
    inputs.last_timestep = last_timestep(c);
    return run(c, std::move(inputs));
  }
  return Verdict::skip(fmt::format("{} is not supported", pipeline));
}

Verdict check_adapter_pipeline(const Case& c) {
  if (const auto missing = unsupported_in_call(c, {"adapter_conditioning_scale"}))
    return Verdict::skip(*missing);
  const auto adapter =
      value_or_throw(engine::load_t2i_adapter(c.model("adapter"), at::kFloat, at::kCPU));
  const auto scale = c.config.at("call").value("adapter_conditioning_scale", 1.0);
  auto inputs = prompt_inputs(c);
  for (const auto& feature : adapter->forward(c.tensor("in.control_image"))) {
    inputs.positive_added.adapter_features.push_back(feature * scale);
  }
  inputs.negative_added = inputs.positive_added;
  return run(c, std::move(inputs));
}

Verdict check_picture_prompt_pipeline(const Case& c) {
  if (const auto missing = unsupported_in_call(c)) return Verdict::skip(*missing);
  const auto adapter =
      value_or_throw(engine::load_ip_adapter(c.model("ip_adapter"), at::kFloat, at::kCPU));
  const auto scale = c.config.value("scale", 1.0);
  const auto embeds = c.tensor("in.image_embeds");  // with guidance the negative ones come first
  const auto rows = is_guided(c) ? embeds.size(0) / 2 : embeds.size(0);
  auto inputs = prompt_inputs(c);
  inputs.positive_added.image_prompts = {
      adapter->prompt(adapter->tokens(embeds.narrow(0, embeds.size(0) - rows, rows)), scale)};
  if (is_guided(c)) {
    inputs.negative_added.image_prompts = {
        adapter->prompt(adapter->tokens(embeds.narrow(0, 0, rows)), scale)};
  }
  return run(c, std::move(inputs));
}

}  // namespace furrow::golden
