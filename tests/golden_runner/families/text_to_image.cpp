// text_to_image: from two strings to a picture, with a whole model folder.

#include "worker/engine/pipelines/text_to_image.h"

#include <filesystem>
#include <string>
#include <utility>

#include <ATen/ATen.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/pipeline_inputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/stable_diffusion.h"
#include "worker/engine/pipelines/encode_prompt.h"

namespace furrow::golden {

namespace {

namespace fs = std::filesystem;
namespace pipelines = engine::pipelines;

/// The case's model folder, part by part: the tokenizer of these cases is a folder of its own.
engine::StableDiffusion load_model(const Case& c) {
  const fs::path folder = c.model("pipeline");
  const bool has_tokenizer = fs::is_directory(folder / "tokenizer");
  engine::StableDiffusion model;
  model.family = "sd1";
  model.text_encoder.emplace(engine::TokenizedEncoder{
      or_throw(prompt::BpeTokenizer::load(has_tokenizer ? folder / "tokenizer"
                                                        : c.root / "clip_tokenizer")),
      or_throw(engine::load_clip_text(folder / "text_encoder", at::kFloat, at::kCPU))});
  model.unet = or_throw(engine::load_unet(folder / "unet", at::kFloat, at::kCPU));
  model.vae = or_throw(engine::load_autoencoder(folder / "vae", at::kFloat, at::kCPU));
  model.scheduler_config = c.config.at("scheduler");
  return model;
}

std::string text_of(const nlohmann::json& prompt) {
  return prompt.is_null() ? "" : prompt.get<std::string>();
}

}  // namespace

Verdict check_text_to_image(const Case& c) {
  if (const auto missing = unsupported_in_call(c)) return Verdict::skip(*missing);
  const engine::StableDiffusion model = load_model(c);
  // diffusers counts the skipped layers, furrow (as A1111) from the last one; and diffusers skips
  // them for the positive prompt only, furrow for both.
  const auto& skipped = c.config.at("clip_skip");
  const std::uint32_t clip_skip = skipped.is_null() ? 1 : skipped.get<std::uint32_t>() + 1;
  const auto encode = [&](const char* key, std::uint32_t skip) {
    return or_throw(pipelines::encode_prompt(
                        model, text_of(c.config.at(key)),
                        {.clip_skip = skip, .reading = pipelines::PromptReading::Plain}))
        .states;
  };

  Verdict verdict;
  engine::diffusion::NoiseSource noise(c.config.at("latents_seed").get<std::uint64_t>());
  const at::Tensor latents = pipelines::init_latent(noise, c.tensor("in.latents").sizes());
  PipelineInputs inputs;
  inputs.begin = from_noise(latents);
  inputs.positive = encode("prompt", clip_skip);
  verdict.compare(c, "in.latents", latents);
  verdict.compare(c, "out.prompt_embeds", inputs.positive);
  if (c.has("out.negative_prompt_embeds")) {
    const at::Tensor negative = encode("negative_prompt", 1);
    verdict.compare(c, "out.negative_prompt_embeds", negative);
    if (is_guided(c)) inputs.negative = negative;
    inputs.guidance_scale = in_call(c, "guidance_scale", 7.5);
  }
  return check_denoising(c, std::move(verdict), pipelines::UNetDenoiser(*model.unet), *model.vae,
                         inputs);
}

}  // namespace furrow::golden
