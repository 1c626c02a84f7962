// The axes of the second run of hires fix, and of the refiner.
#include "common/spec/axis_table.h"
#include "common/spec/size_rule.h"

namespace furrow::spec {

namespace {

v1::HiresFix& hires_of(v1::Recipe& recipe) {
  return *recipe.mutable_hires();
}

void set_scale(v1::Recipe& recipe, const ValueAt& value) {
  hires_of(recipe).set_scale(number_at(value));
}

void set_width(v1::Recipe& recipe, const ValueAt& value) {
  hires_of(recipe).set_width(small_at(value));
}

void set_height(v1::Recipe& recipe, const ValueAt& value) {
  hires_of(recipe).set_height(small_at(value));
}

void set_upscaler(v1::Recipe& recipe, const ValueAt& value) {
  const v1::ModelRef& upscaler = model_at(value).model();
  v1::HiresFix& hires = hires_of(recipe);
  if (upscaler.hash().empty()) {
    hires.set_upscaler(upscaler.name());
    hires.clear_upscaler_model();
  } else {
    hires.clear_upscaler();
    *hires.mutable_upscaler_model() = upscaler;
  }
}

void set_steps(v1::Recipe& recipe, const ValueAt& value) {
  hires_of(recipe).set_steps(small_at(value));
}

void set_denoising_strength(v1::Recipe& recipe, const ValueAt& value) {
  hires_of(recipe).set_denoising_strength(number_at(value));
}

void set_sampler(v1::Recipe& recipe, const ValueAt& value) {
  const v1::SamplerValue& sampler = sampler_at(value);
  hires_of(recipe).set_sampler(sampler.sampler());
  if (!sampler.schedule().empty()) hires_of(recipe).set_schedule(sampler.schedule());
}

void set_schedule(v1::Recipe& recipe, const ValueAt& value) {
  hires_of(recipe).set_schedule(text_at(value));
}

void set_guidance_scale(v1::Recipe& recipe, const ValueAt& value) {
  hires_of(recipe).set_guidance_scale(number_at(value));
}

void set_prompt(v1::Recipe& recipe, const ValueAt& value) {
  hires_of(recipe).set_prompt(text_at(value));
}

void set_negative_prompt(v1::Recipe& recipe, const ValueAt& value) {
  hires_of(recipe).set_negative_prompt(text_at(value));
}

/// "None" keeps the moment of the switch, for another value of the axis.
void set_refiner(v1::Recipe& recipe, const ValueAt& value) {
  if (model_at(value).automatic()) {
    recipe.mutable_refiner()->clear_model();
  } else {
    *recipe.mutable_refiner()->mutable_model() = model_at(value).model();
  }
}

void set_switch_at(v1::Recipe& recipe, const ValueAt& value) {
  recipe.mutable_refiner()->set_switch_at(number_at(value));
}

}  // namespace

// clang-format off
// field, label, type, cost, speaks for itself, aliases, how it is set, limits, needs, options

std::vector<AxisKind> hires_axes() {
  using enum AxisType;
  return {
      {"hires_scale", "Hires upscale", Number, 0.3, false, {"Hires scale", "HR scale", "Upscale by"}, set_scale,
       {1, 16, 4}},
      {"hires_width", "Hires width", Integer, 0.3, false, {"HR resize x", "Hires resize width"}, set_width,
       {0, kMaxSide}},
      {"hires_height", "Hires height", Integer, 0.3, false, {"HR resize y", "Hires resize height"}, set_height,
       {0, kMaxSide}},
      {"hires_upscaler", "Hires upscaler", Upscaler, 0.3, false, {"[Refine] Upscaler", "HR upscaler"},
       set_upscaler, {}, Needs::Hires},
      {"hires_steps", "Hires steps", Integer, 0, false,
       {"[Refine] Hires steps", "HR second pass steps"}, set_steps, {0, 1000, 150}, Needs::Hires},
      {"hires_denoising_strength", "Hires denoising strength", Number, 0, false,
       {"[Refine] Denoising strength", "HR denoising strength"}, set_denoising_strength, {0, 1}, Needs::Hires},
      {"hires_sampler", "Hires sampler", Sampler, 0, false,
       {"[Refine] Sampler", "HR sampler name", "HR sampler"}, set_sampler, {}, Needs::Hires},
      {"hires_schedule", "Hires schedule type", Schedule, 0, false, {"HR scheduler", "Hires scheduler"},
       set_schedule, {}, Needs::Hires},
      {"hires_guidance_scale", "Hires CFG Scale", Number, 0, false, {"HR CFG", "HR CFG scale", "Hires CFG"},
       set_guidance_scale, {0, 1000, 30}, Needs::Hires},
      {"hires_prompt", "Hires prompt", Text, 0, false, {"HR prompt"}, set_prompt, {}, Needs::Hires},
      {"hires_negative_prompt", "Hires negative prompt", Text, 0, false, {"HR negative prompt"},
       set_negative_prompt, {}, Needs::Hires},
      {"refiner", "Refiner", Refiner, 0.8, false, {"[Model] Refiner", "Refiner checkpoint"}, set_refiner},
      {"refiner_switch_at", "Refiner switch at", Number, 0, false, {"[Refine] Refiner start", "Refiner start"},
       set_switch_at, {0, 1}, Needs::Refiner},
  };
}

// clang-format on

}  // namespace furrow::spec
