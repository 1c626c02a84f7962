#pragma once

#include <string>
#include <vector>

#include "tests/golden_runner/case.h"
#include "tests/golden_runner/families/pipeline_run.h"
#include "worker/engine/pipelines/size_conditioning.h"

namespace furrow::golden {

/// What a case's `call` says to `key`, or `otherwise` where it says nothing or null.
template <typename T>
T in_call(const Case& c, const std::string& key, T otherwise) {
  const auto value = c.config.at("call").value(key, nlohmann::json());
  return value.is_null() ? otherwise : value.get<T>();
}

/// Whether the reference guides at the case's guidance scale.
bool is_guided(const Case& c, double default_scale = 7.5);

/// The prompts that stand for the text encoders, with a negative one where the reference guides.
PipelineInputs prompt_inputs(const Case& c, double default_scale = 7.5);

/// Adds SDXL's pooled prompts and sizes.
///
/// @param size  of the picture, where the call does not say it
void add_sdxl_inputs(const Case& c, PipelineInputs& inputs, engine::pipelines::PixelPair size);

/// Runs the case's UNet and VAE. A network that was taught to guide itself is not guided.
Verdict run_unet(const Case& c, PipelineInputs inputs);
Verdict run_unet(const Case& c, const engine::nn::UNet& unet, const engine::nn::AutoencoderKl& vae,
                 PipelineInputs inputs);

/// Kinds of runs, one file each.
Verdict check_text_to_image_run(const Case& c);
Verdict check_controlled_run(const Case& c);
Verdict check_image_to_image_run(const Case& c);
Verdict check_inpainting_run(const Case& c);
Verdict check_instructed_run(const Case& c);
Verdict check_sd3_run(const Case& c);
Verdict check_flux_run(const Case& c);

/// The runs of the families t2i_adapter and ip_adapter.
Verdict check_adapter_pipeline(const Case& c);
Verdict check_picture_prompt_pipeline(const Case& c);

}  // namespace furrow::golden
