#include "tests/golden_runner/families/pipeline_inputs.h"

#include <utility>

#include <ATen/ATen.h>

#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/networks.h"

namespace furrow::golden {

namespace {

namespace pipelines = engine::pipelines;

pipelines::PixelPair pair_in_call(const Case& c, const std::string& key,
                                  pipelines::PixelPair otherwise) {
  const auto pair = in_call<std::vector<double>>(c, key, {});
  return pair.empty() ? otherwise : pipelines::PixelPair{pair.at(0), pair.at(1)};
}

pipelines::PictureSizes sizes_in_call(const Case& c, const std::string& prefix,
                                      const pipelines::PictureSizes& otherwise) {
  return {pair_in_call(c, prefix + "original_size", otherwise.original),
          pair_in_call(c, prefix + "crops_coords_top_left", {0, 0}),
          pair_in_call(c, prefix + "target_size", otherwise.target)};
}

// Other sizes for the negative prompt hold only where both the original and the target are given.
pipelines::PictureSizes negative_sizes(const Case& c, const pipelines::PictureSizes& positive) {
  const auto& call = c.config.at("call");
  const bool has_sizes =
      call.contains("negative_original_size") && call.contains("negative_target_size");
  return has_sizes ? sizes_in_call(c, "negative_", positive) : positive;
}

}  // namespace

bool is_guided(const Case& c, double default_scale) {
  return in_call(c, "guidance_scale", default_scale) > 1;
}

PipelineInputs prompt_inputs(const Case& c, double default_scale) {
  PipelineInputs inputs;
  inputs.positive = c.tensor("in.prompt_embeds");
  if (!is_guided(c, default_scale)) return inputs;
  inputs.guidance_scale = in_call(c, "guidance_scale", default_scale);
  // Without a negative prompt SDXL has zeros.
  inputs.negative = c.has("in.negative_prompt_embeds") ? c.tensor("in.negative_prompt_embeds")
                                                       : at::zeros_like(inputs.positive);
  return inputs;
}

void add_sdxl_inputs(const Case& c, PipelineInputs& inputs, pipelines::PixelPair size) {
  const bool has_score = c.config.value("requires_aesthetics_score", false);
  const auto ids = [&](const pipelines::PictureSizes& sizes, const char* key, double score) {
    return has_score ? pipelines::time_ids_with_score(sizes, in_call(c, key, score))
                     : pipelines::time_ids(sizes);
  };
  const auto sizes =
      sizes_in_call(c, "", pipelines::PictureSizes::of(size.vertical, size.horizontal));
  inputs.positive_added.text_embeds = c.tensor("in.pooled_prompt_embeds");
  inputs.positive_added.time_ids = ids(sizes, "aesthetic_score", pipelines::kBeautiful);
  if (!inputs.negative.defined()) return;
  inputs.negative_added.text_embeds = c.has("in.negative_pooled_prompt_embeds")
                                          ? c.tensor("in.negative_pooled_prompt_embeds")
                                          : at::zeros_like(inputs.positive_added.text_embeds);
  inputs.negative_added.time_ids =
      ids(negative_sizes(c, sizes), "negative_aesthetic_score", pipelines::kUgly);
}

Verdict run_unet(const Case& c, const engine::nn::UNet& unet, const engine::nn::AutoencoderKl& vae,
                 PipelineInputs inputs) {
  if (unet.config.time_cond_proj_dim > 0) {
    inputs.negative = at::Tensor();
    inputs.begin = [begin = inputs.begin, scale = in_call(c, "guidance_scale", 7.5)](
                       pipelines::Denoising& cell, std::int64_t picture) {
      cell.embedded_guidance = scale;
      begin(cell, picture);
    };
  }
  return check_denoising(c, {}, pipelines::UNetDenoiser(unet), vae, inputs);
}

Verdict run_unet(const Case& c, PipelineInputs inputs) {
  const auto unet = or_throw(engine::load_unet(c.model("unet"), at::kFloat, at::kCPU));
  const auto vae = or_throw(engine::load_autoencoder(c.model("vae"), at::kFloat, at::kCPU));
  return run_unet(c, *unet, *vae, std::move(inputs));
}

}  // namespace furrow::golden
