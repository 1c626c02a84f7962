#include "worker/engine/runs.h"

namespace furrow::engine {

namespace {

/// The fields of hires fix in the places of the first run's; those that are not set stay as those.
void take_hires(v1::Recipe& recipe) {
  const v1::HiresFix hires = recipe.hires();
  recipe.clear_hires();
  recipe.clear_refiner();
  recipe.clear_image_to_image();
  recipe.set_width(hires.width());
  recipe.set_height(hires.height());
  recipe.mutable_image_to_image()->set_denoising_strength(hires.denoising_strength());
  if (hires.steps() != 0) recipe.set_steps(hires.steps());
  if (!hires.sampler().empty()) recipe.set_sampler(hires.sampler());
  if (!hires.schedule().empty()) recipe.set_schedule(hires.schedule());
  if (hires.guidance_scale() != 0) recipe.set_guidance_scale(hires.guidance_scale());
  if (!hires.prompt().empty()) recipe.set_prompt(hires.prompt());
  if (!hires.negative_prompt().empty()) recipe.set_negative_prompt(hires.negative_prompt());
}

}  // namespace

std::optional<Run> run_after(Run run, const v1::Recipe& recipe) {
  if (run == Run::First && recipe.has_refiner()) return Run::Refiner;
  if (run != Run::Hires && recipe.has_hires()) return Run::Hires;
  return std::nullopt;
}

v1::Recipe recipe_of(Run run, const v1::Recipe& recipe) {
  v1::Recipe of_run = recipe;
  if (run == Run::Hires) {
    take_hires(of_run);
    return of_run;
  }
  of_run.clear_hires();
  if (run == Run::Refiner) *of_run.mutable_model() = recipe.refiner().model();
  return of_run;
}

v1::Recipe base_recipe_of(const v1::Recipe& recipe) {
  v1::Recipe base = recipe;
  base.clear_hires();
  if (!base.has_image_to_image()) base.clear_vae();
  return base;
}

}  // namespace furrow::engine
