#pragma once

#include <ATen/ATen.h>

#include "worker/engine/diffusion/scheduler_config.h"
#include "worker/engine/model/stable_diffusion.h"
#include "worker/engine/pipelines/begin.h"
#include "worker/engine/pipelines/denoiser.h"
#include "worker/engine/pipelines/encode_prompt.h"

namespace furrow::engine::pipelines {

/// The embedded model in fp32, loaded once a test process.
inline const StableDiffusion& embedded_model() {
  static const auto model =
      load_stable_diffusion(FURROW_EMBEDDED_MODEL, at::kFloat, at::kCPU).value();
  return *model;
}

/// Its UNet as the batcher asks it.
inline const Denoiser& embedded_network() {
  static const UNetDenoiser network(*embedded_model().unet);
  return network;
}

/// A small recipe for it: 64 x 64 pixels, 4 steps.
inline v1::Recipe a_recipe() {
  v1::Recipe recipe;
  recipe.set_prompt("cat face");
  recipe.set_seed(1);
  recipe.set_steps(4);
  recipe.set_guidance_scale(6);
  recipe.set_sampler("euler_a");
  recipe.set_schedule("normal");
  recipe.set_width(64);
  recipe.set_height(64);
  return recipe;
}

inline Result<Denoising> begin(const v1::Recipe& recipe, const Pictures& pictures = {}) {
  const StableDiffusion& model = embedded_model();
  FURROW_TRY(const auto scheduler, diffusion::parse_scheduler_config(model.scheduler_config));
  FURROW_TRY(const RecipePrompts prompts, read_prompts(recipe));
  FURROW_TRY(auto conditioning,
             condition(prompts, {recipe.guidance_scale()}, [&](const std::string& text) {
               return encode_prompt(model, text, {.clip_skip = recipe.clip_skip()});
             }));
  return begin({embedded_network(), scheduler, *model.vae}, recipe, std::move(conditioning),
               pictures);
}

}  // namespace furrow::engine::pipelines
