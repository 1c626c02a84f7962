// pipelines: whole runs of Stable Diffusion from prompt embeddings and recorded noise to a picture.

#include <stdexcept>
#include <string>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/pipeline_run.h"
#include "worker/engine/model/stable_diffusion.h"

namespace furrow::golden {

Verdict check_pipelines(const Case& c) {
  const auto pipeline = c.description.at("reference").value("class", "");
  if (pipeline != "diffusers.StableDiffusionPipeline")
    return Verdict::skip(fmt::format("{} is not supported", pipeline));
  if (const auto missing = unsupported_in_call(c)) return Verdict::skip(*missing);
  if (const auto missing = engine::nn::UNetConfig::unsupported(c.model_config("unet"));
      !missing.empty())
    return Verdict::skip(missing.front());

  const auto unet = engine::load_unet(c.model("unet"), at::kFloat, at::kCPU);
  if (!unet) throw std::runtime_error(unet.error().message);
  const auto vae = engine::load_autoencoder(c.model("vae"), at::kFloat, at::kCPU);
  if (!vae) throw std::runtime_error(vae.error().message);

  PipelineInputs inputs{c.tensor("in.latents"), c.tensor("in.prompt_embeds"), {}};
  if (is_guided(c)) inputs.negative = c.tensor("in.negative_prompt_embeds");
  return check_denoising(c, {}, **unet, **vae, inputs);
}

}  // namespace furrow::golden
