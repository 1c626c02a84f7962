#include "common/spec/settle.h"

#include <algorithm>
#include <cmath>

#include "common/spec/sampler_names.h"
#include "common/spec/size_rule.h"

namespace furrow::spec {

namespace {

/// The schedule that "automatic" stands for; one of a sampler that this version does not know stays
/// as it is.
void settle_schedule(const std::string& sampler, std::string& schedule) {
  const auto known = std::ranges::find(samplers(), sampler, &SamplerName::name);
  if (schedule == "automatic" && known != samplers().end()) schedule = known->default_schedule;
}

void settle_hires_size(v1::HiresFix& hires, const v1::Recipe& recipe) {
  const double width = recipe.width();
  const double height = recipe.height();
  if (hires.scale() > 0) {
    hires.set_width(hires_side(width * hires.scale()));
    hires.set_height(hires_side(height * hires.scale()));
    hires.clear_scale();
  } else if (hires.width() == 0 && height > 0) {
    hires.set_width(hires_side(width * hires.height() / height));
  } else if (hires.height() == 0 && width > 0) {
    hires.set_height(hires_side(height * hires.width() / width));
  }
}

/// Leaves out what is as in the first run.
void settle_second_run(v1::HiresFix& hires, const v1::Recipe& recipe) {
  settle_schedule(hires.sampler().empty() ? recipe.sampler() : hires.sampler(),
                  *hires.mutable_schedule());
  if (hires.steps() == recipe.steps()) hires.clear_steps();
  if (hires.sampler() == recipe.sampler()) hires.clear_sampler();
  if (hires.schedule() == recipe.schedule()) hires.clear_schedule();
  if (hires.guidance_scale() == recipe.guidance_scale()) hires.clear_guidance_scale();
  if (hires.prompt() == recipe.prompt()) hires.clear_prompt();
  if (hires.negative_prompt() == recipe.negative_prompt()) hires.clear_negative_prompt();
}

void settle_noise(v1::Recipe& recipe) {
  v1::NoiseOptions& noise = *recipe.mutable_noise();
  if (noise.source() == v1::NOISE_SOURCE_CPU) noise.clear_source();
  if (noise.variation_strength() == 0) noise.clear_variation_seed();
  const bool is_of_another_size =
      noise.resize_width() > 0 && noise.resize_height() > 0 &&
      (noise.resize_width() != recipe.width() || noise.resize_height() != recipe.height());
  if (!is_of_another_size) {
    noise.clear_resize_width();
    noise.clear_resize_height();
  }
  if (noise.ByteSizeLong() == 0) recipe.clear_noise();
}

}  // namespace

std::uint32_t hires_side(double side_px) {
  constexpr auto kMost = static_cast<double>(kMaxSide);
  const double nearest = std::round(side_px / kHiresMultiple) * kHiresMultiple;
  return static_cast<std::uint32_t>(std::clamp(nearest, double{kHiresMultiple}, kMost));
}

void settle(v1::Recipe& recipe) {
  settle_schedule(recipe.sampler(), *recipe.mutable_schedule());
  if (recipe.image_to_image().has_inpaint() && !recipe.image_to_image().inpaint().only_masked()) {
    recipe.mutable_image_to_image()->mutable_inpaint()->clear_padding();
  }
  const v1::HiresFix& hires = recipe.hires();
  if (hires.scale() == 0 && hires.width() == 0 && hires.height() == 0) recipe.clear_hires();
  if (recipe.has_hires()) {
    settle_hires_size(*recipe.mutable_hires(), recipe);
    settle_second_run(*recipe.mutable_hires(), recipe);
  }
  if (recipe.has_noise()) settle_noise(recipe);
  if (recipe.has_sampler_options() && recipe.sampler_options().ByteSizeLong() == 0) {
    recipe.clear_sampler_options();
  }
  const v1::ModelRef& refiner = recipe.refiner().model();
  if (refiner.hash().empty() && refiner.name().empty()) recipe.clear_refiner();
}

}  // namespace furrow::spec
