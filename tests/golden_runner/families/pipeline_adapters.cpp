// Runs with networks beside the UNet: ControlNets, T2I-Adapters, IP-Adapters.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/golden_runner/families/pipeline_inputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/networks.h"
#include "worker/engine/pipelines/control.h"

namespace furrow::golden {

namespace {

namespace pipelines = engine::pipelines;

// What the call says to each ControlNet: one number a net, or one for all.
double of_net(const Case& c, const std::string& key, std::size_t net, double otherwise) {
  const auto value = in_call(c, key, nlohmann::json(otherwise));
  return value.is_array() ? value.at(net).get<double>() : value.get<double>();
}

struct CaseControl {
  std::shared_ptr<const engine::nn::ControlNet> net;
  at::Tensor pictures;  // [B, C, H, W]
  pipelines::ControlSettings settings;
};

std::vector<CaseControl> controls_of(const Case& c) {
  std::vector<CaseControl> controls;
  for (std::size_t i = 0; c.has_model(fmt::format("controlnet.{}", i)); ++i) {
    CaseControl& control = controls.emplace_back();
    control.net = or_throw(
        engine::load_controlnet(c.model(fmt::format("controlnet.{}", i)), at::kFloat, at::kCPU));
    control.pictures = c.tensor(fmt::format("in.control_image.{}", i));
    control.settings = {.scale = of_net(c, "controlnet_conditioning_scale", i, 1),
                        .window = {of_net(c, "control_guidance_start", i, 0),
                                   of_net(c, "control_guidance_end", i, 1)},
                        .guess = in_call(c, "guess_mode", false)};
  }
  return controls;
}

}  // namespace

Verdict check_controlled_run(const Case& c) {
  if (const auto missing =
          unsupported_in_call(c, {"controlnet_conditioning_scale", "control_guidance_start",
                                  "control_guidance_end", "guess_mode"}))
    return Verdict::skip(*missing);
  const auto controls = controls_of(c);
  const bool is_xl = c.has("in.pooled_prompt_embeds");
  auto inputs = prompt_inputs(c, is_xl ? 5.0 : 7.5);
  if (is_xl) {
    const auto sizes = controls.at(0).pictures.sizes();
    add_sdxl_inputs(c, inputs, {static_cast<double>(sizes[2]), static_cast<double>(sizes[3])});
  }
  inputs.begin = [&, begin = from_noise(c.tensor("in.latents"))](pipelines::Denoising& cell,
                                                                 std::int64_t picture) {
    begin(cell, picture);
    for (const CaseControl& control : controls)
      or_throw(pipelines::add_control(cell, control.net, row_of(control.pictures, picture),
                                      control.settings));
  };
  return run_unet(c, std::move(inputs));
}

Verdict check_adapter_pipeline(const Case& c) {
  if (const auto missing = unsupported_in_call(c, {"adapter_conditioning_scale"}))
    return Verdict::skip(*missing);
  const auto adapter = or_throw(engine::load_t2i_adapter(c.model("adapter"), at::kFloat, at::kCPU));
  const auto scale = in_call(c, "adapter_conditioning_scale", 1.0);
  auto inputs = prompt_inputs(c);
  inputs.begin = from_noise(c.tensor("in.latents"));
  for (const auto& feature : adapter->forward(c.tensor("in.control_image"))) {
    inputs.positive_added.adapter_features.push_back(feature * scale);
  }
  inputs.negative_added = inputs.positive_added;
  return run_unet(c, std::move(inputs));
}

Verdict check_picture_prompt_pipeline(const Case& c) {
  if (const auto missing = unsupported_in_call(c)) return Verdict::skip(*missing);
  const auto adapter =
      or_throw(engine::load_ip_adapter(c.model("ip_adapter"), at::kFloat, at::kCPU));
  const auto scale = c.config.value("scale", 1.0);
  const auto embeds = c.tensor("in.image_embeds");  // with guidance the negative ones come first
  const auto rows = is_guided(c) ? embeds.size(0) / 2 : embeds.size(0);
  auto inputs = prompt_inputs(c);
  inputs.begin = from_noise(c.tensor("in.latents"));
  inputs.positive_added.image_prompts = {
      adapter->prompt(adapter->tokens(embeds.narrow(0, embeds.size(0) - rows, rows)), scale)};
  if (is_guided(c)) {
    inputs.negative_added.image_prompts = {
        adapter->prompt(adapter->tokens(embeds.narrow(0, 0, rows)), scale)};
  }
  return run_unet(c, std::move(inputs));
}

}  // namespace furrow::golden
