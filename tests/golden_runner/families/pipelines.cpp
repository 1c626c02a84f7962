// pipelines: whole runs from prompt embeddings and recorded noise to a picture.

#include <string>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/pipeline_inputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/pipelines/refining.h"

namespace furrow::golden {

namespace {

struct Kind {
  std::string_view pipeline;  ///< class of the reference
  CheckCase check;
};

constexpr Kind kKinds[] = {
    {"StableDiffusionPipeline", check_text_to_image_run},
    {"StableDiffusionXLPipeline", check_text_to_image_run},
    {"StableDiffusionImg2ImgPipeline", check_image_to_image_run},
    {"StableDiffusionXLImg2ImgPipeline", check_image_to_image_run},
    {"StableDiffusionInpaintPipeline", check_inpainting_run},
    {"StableDiffusionXLInpaintPipeline", check_inpainting_run},
    {"StableDiffusionInstructPix2PixPipeline", check_instructed_run},
    {"StableDiffusionControlNetPipeline", check_controlled_run},
    {"StableDiffusionXLControlNetPipeline", check_controlled_run},
    {"StableDiffusion3Pipeline", check_sd3_run},
    {"FluxPipeline", check_flux_run},
};

}  // namespace

Verdict check_text_to_image_run(const Case& c) {
  if (const auto missing = unsupported_in_call(
          c, {"denoising_end", "original_size", "crops_coords_top_left", "target_size",
              "negative_original_size", "negative_crops_coords_top_left", "negative_target_size"}))
    return Verdict::skip(*missing);
  const bool is_xl = c.has("in.pooled_prompt_embeds");
  auto inputs = prompt_inputs(c, is_xl ? 5.0 : 7.5);
  if (is_xl) add_sdxl_inputs(c, inputs, {in_call(c, "height", 0.0), in_call(c, "width", 0.0)});
  inputs.begin = [&, begin = from_noise(c.tensor("in.latents"))](engine::pipelines::Denoising& cell,
                                                                 std::int64_t picture) {
    begin(cell, picture);
    const double end = in_call(c, "denoising_end", 1.0);
    if (end < 1) or_throw(engine::pipelines::end_after(cell, end));
  };
  return run_unet(c, std::move(inputs));
}

Verdict check_pipelines(const Case& c) {
  const auto pipeline = c.description.at("reference").value("class", "");
  for (const Kind& kind : kKinds)
    if (pipeline == fmt::format("diffusers.{}", kind.pipeline)) return kind.check(c);
  return Verdict::skip(fmt::format("{} is not supported", pipeline));
}

}  // namespace furrow::golden
