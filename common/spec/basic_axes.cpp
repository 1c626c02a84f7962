// The axes that every run has.
#include <limits>
#include <vector>

#include "common/spec/axis_table.h"
#include "common/spec/prompt_edit.h"
#include "common/spec/size_rule.h"

namespace furrow::spec {

namespace {

void set_prompt(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_prompt(text_at(value));
}

void set_negative_prompt(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_negative_prompt(text_at(value));
}

void replace_in_prompts(v1::Recipe& recipe, const ValueAt& value) {
  if (value.i == 0) return;  // the searched text itself: nothing changes
  const std::string& search = value.values.texts(0);
  recipe.set_prompt(replace_all(recipe.prompt(), search, text_at(value)));
  recipe.set_negative_prompt(replace_all(recipe.negative_prompt(), search, text_at(value)));
}

void reorder_prompt(v1::Recipe& recipe, const ValueAt& value) {
  const std::vector<std::string_view> phrases(value.values.permuted().begin(),
                                              value.values.permuted().end());
  const auto order = permutation(phrases.size(), value.i);
  recipe.set_prompt(reorder_phrases(recipe.prompt(), phrases, order));
}

void set_seed(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_seed(static_cast<std::uint64_t>(value.integer));
}

void set_steps(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_steps(small_at(value));
}

void set_guidance_scale(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_guidance_scale(number_at(value));
}

void set_sampler(v1::Recipe& recipe, const ValueAt& value) {
  const v1::SamplerValue& sampler = sampler_at(value);
  recipe.set_sampler(sampler.sampler());
  if (!sampler.schedule().empty()) recipe.set_schedule(sampler.schedule());
}

void set_schedule(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_schedule(text_at(value));
}

void set_width(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_width(small_at(value));
}

void set_height(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_height(small_at(value));
}

void set_size(v1::Recipe& recipe, const ValueAt& value) {
  const v1::SizeValue& size = value.values.sizes(static_cast<int>(value.i));
  recipe.set_width(size.width());
  recipe.set_height(size.height());
}

void set_clip_skip(v1::Recipe& recipe, const ValueAt& value) {
  recipe.set_clip_skip(small_at(value));
}

void set_model(v1::Recipe& recipe, const ValueAt& value) {
  *recipe.mutable_model() = model_at(value).model();
}

void set_vae(v1::Recipe& recipe, const ValueAt& value) {
  const v1::ModelValue& vae = model_at(value);
  if (vae.automatic()) {
    recipe.clear_vae();
  } else {
    *recipe.mutable_vae() = vae.model();
  }
}

}  // namespace

// clang-format off
// field, label, type, cost, speaks for itself, aliases, how it is set, limits, needs, options

std::vector<AxisKind> basic_axes() {
  using enum AxisType;
  return {
      {"prompt", "Prompt", Text, 0, true, {"Positive prompt"}, set_prompt},
      {"negative_prompt", "Negative prompt", Text, 0, false, {"Negative"}, set_negative_prompt},
      {"prompt_sr", "Prompt S/R", SearchReplace, 0, true,
       {"[Prompt] Search & replace", "Search & replace", "Search and replace", "S/R", "Prompt replace",
        "[Grid Gen] Prompt Replace"}, replace_in_prompts},
      {"prompt_order", "Prompt order", Permutation, 0, true, {"[Prompt] Prompt order"}, reorder_prompt},
      {"seed", "Seed", Seed, 0, false, {"[Param] Seed"}, set_seed,
       {0, std::numeric_limits<std::int64_t>::max()}},
      {"steps", "Steps", Integer, 0, false, {"[Param] Steps", "Sampling steps"}, set_steps,
       {1, 1000, 150}},
      {"guidance_scale", "CFG scale", Number, 0, false,
       {"CFG Scale", "[Guidance] Scale", "CFG", "Guidance", "Scale"}, set_guidance_scale, {0, 1000, 30}},
      {"sampler", "Sampler", Sampler, 0, true,
       {"[Sampler] Name", "Sampler name", "Sampling method"}, set_sampler},
      {"schedule", "Schedule", Schedule, 0, false,
       {"Schedule type", "[Sampler] Sigma method", "Sigma method", "Scheduler"}, set_schedule},
      {"width", "Width", Integer, 0.3, false, {"[Param] Width"}, set_width, {kMinSide, kMaxSide}},
      {"height", "Height", Integer, 0.3, false, {"[Param] Height"}, set_height, {kMinSide, kMaxSide}},
      {"size", "Size", Size, 0.3, false, {"Resolution"}, set_size},
      {"clip_skip", "Clip skip", Integer, 0, false, {"[Param] CLiP-skip"}, set_clip_skip, {1, 12}},
      {"model", "Model", Model, 1.0, false,
       {"Checkpoint name", "[Model] Model", "Checkpoint", "SD model checkpoint"}, set_model},
      {"vae", "VAE", Vae, 0.7, false, {"[Model] VAE", "SD VAE"}, set_vae},
  };
}

// clang-format on

}  // namespace furrow::spec
