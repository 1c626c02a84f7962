#include "common/spec/axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/spec/nearest.h"
#include "common/spec/prompt_edit.h"
#include "common/spec/sampler_names.h"
#include "common/spec/size_rule.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

const std::string& text_at(const ValueAt& value) {
  return value.values.texts(static_cast<int>(value.i));
}

std::uint32_t small_at(const ValueAt& value) {
  return static_cast<std::uint32_t>(value.integer);
}

std::vector<std::string_view> phrases_of(const v1::AxisValues& values) {
  return {values.permuted().begin(), values.permuted().end()};
}

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
  const auto phrases = phrases_of(value.values);
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
  recipe.set_guidance_scale(value.values.numbers(static_cast<int>(value.i)));
}

void set_sampler(v1::Recipe& recipe, const ValueAt& value) {
  const v1::SamplerValue& sampler = value.values.samplers(static_cast<int>(value.i));
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
  *recipe.mutable_model() = value.values.models(static_cast<int>(value.i)).model();
}

void set_vae(v1::Recipe& recipe, const ValueAt& value) {
  const v1::ModelValue& vae = value.values.models(static_cast<int>(value.i));
  if (vae.automatic()) {
    recipe.clear_vae();
  } else {
    *recipe.mutable_vae() = vae.model();
  }
}

// clang-format off
/// The table of all axes: field, label, type, cost, speaks for itself, aliases, how it is set, limits.
std::vector<AxisKind> make_axis_kinds() {
  using enum AxisType;
  return {
      {"prompt", "Prompt", Text, 0, true, {"Positive prompt"}, set_prompt},
      {"negative_prompt", "Negative prompt", Text, 0, false, {"Negative"}, set_negative_prompt},
      {"prompt_sr", "Prompt S/R", SearchReplace, 0, true,
       {"[Prompt] Search & replace", "Search & replace", "Search and replace", "S/R", "Prompt replace",
        "[Grid Gen] Prompt Replace"}, replace_in_prompts},
      {"prompt_order", "Prompt order", Permutation, 0, true, {"[Prompt] Prompt order"}, reorder_prompt},
      {"seed", "Seed", Integer, 0, false, {"[Param] Seed"}, set_seed,
       {0, std::numeric_limits<std::int64_t>::max()}},
      {"steps", "Steps", Integer, 0, false, {"[Param] Steps", "Sampling steps"}, set_steps,
       {1, 1000, 150}},
      {"guidance_scale", "CFG scale", Number, 0, false,
       {"CFG Scale", "[Guidance] Scale", "CFG", "Guidance"}, set_guidance_scale, {0, 1000, 30}},
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

/// Axes of A1111 and sdnext that furrow does not have yet.
constexpr std::array kUnbuiltAxes = std::to_array<std::string_view>({
    "[Model] UNET", "[Model] Refiner", "[Model] Text encoder", "[Prompt] Search & replace refine",
    "[Prompt] Search & replace detailer", "[Prompt] Search & replace all", "[Prompt] Prompt parser",
    "[Network] LoRA", "[Network] LoRA strength", "[Network] Styles", "[Param] Variation seed",
    "[Param] Variation strength", "[Param] Denoising strength", "[Param] Mask weight",
    "[Process] Model args", "[Process] Processing args", "[Process] Server options",
    "[Sampler] Sigma adjust", "[Sampler] Timestep spacing", "[Sampler] Timestep range",
    "[Sampler] Solver order", "[Sampler] Beta schedule", "[Sampler] Beta start",
    "[Sampler] Beta end", "[Sampler] Flow shift", "[Sampler] Base shift", "[Sampler] Max shift",
    "[Sampler] ETA delta", "[Sampler] ETA multiplier", "[Guidance] End", "[Guidance] Image scale",
    "[Guidance] Rescale", "[Guidance] Modular name", "[Refine] Upscaler", "[Refine] Sampler",
    "[Refine] Denoising strength", "[Refine] Hires steps", "[Refine] Refiner start",
    "[Refine] Refiner steps", "[Postprocess] Upscaler", "[Postprocess] Context",
    "[Postprocess] Detailer", "[Postprocess] Detailer strength", "[Quant] SDNQ quant mode",
    "[Quant] SDNQ quant mode TE", "[HDR] Mode", "[HDR] Brightness", "[HDR] Color", "[HDR] Sharpen",
    "[HDR] Clamp boundary", "[HDR] Clamp threshold", "[HDR] Maximize center shift",
    "[HDR] Maximize boundary", "[HDR] Tint color hex", "[HDR] Tint ratio",
    "[Token Merging] ToMe ratio", "[Token Merging] ToDo ratio", "[FreeU] 1st stage backbone",
    "[FreeU] 2nd stage backbone", "[FreeU] 1st stage skip", "[FreeU] 2nd stage skip",
    "[IP adapter] Name", "[IP adapter] Scale", "[IP adapter] Starts", "[IP adapter] Ends",
    "[Control] ControlNet", "[Control] T2IAdapter", "[Control] Processor", "[Control] Strength",
    "[Control] Start", "[Control] End", "[HiDiffusion] T1", "[HiDiffusion] T2",
    "[HiDiffusion] Aggression step", "[PAG] Attention scale", "[PAG] Adaptive scaling",
    "[PAG] Applied layers", "[IY] Scale", "[IY] Start", "[IY] End", "[TeaCache] Threshold",
    "[CFGZero] Enabled", "Var. seed", "Var. strength", "Hires steps", "Distilled CFG Scale",
    "Image CFG Scale", "Hires sampler", "Negative Guidance minimum sigma", "Sigma Churn",
    "Sigma min", "Sigma max", "Sigma noise", "Schedule min sigma", "Schedule max sigma",
    "Schedule rho", "Beta schedule alpha", "Beta schedule beta", "Eta", "Denoising",
    "Denoising strength", "Initial noise multiplier", "Extra noise", "Hires upscaler",
    "Cond. Image Mask Weight", "Styles", "UniPC Order", "Face restore", "Token merging ratio",
    "Token merging ratio high-res", "Always discard next-to-last sigma", "SGM noise multiplier",
    "Refiner checkpoint", "Refiner switch at", "RNG source", "FP8 mode", "LoRA",
});

// clang-format on

/// What two spellings of a label have in common: "[Param] CLiP-skip" is "paramclipskip".
std::string key_of(std::string_view label) {
  std::string key;
  for (const char c : to_lower(label)) {
    const bool is_ascii = static_cast<unsigned char>(c) < 0x80;
    if (!is_ascii || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) key += c;
  }
  return key;
}

template <typename Predicate>
bool any_name(const AxisKind& kind, Predicate matches) {
  return matches(key_of(kind.field)) || matches(key_of(kind.label)) ||
         std::ranges::any_of(kind.aliases,
                             [&](std::string_view alias) { return matches(key_of(alias)); });
}

/// A part shorter than this names nothing.
constexpr std::size_t kShortestPart = 3;

std::vector<const AxisKind*> axes_with_part(std::string_view key) {
  std::vector<const AxisKind*> found;
  if (key.size() < kShortestPart) return found;
  for (const AxisKind& kind : axis_kinds()) {
    const auto contains = [&](std::string_view name) { return name.find(key) != name.npos; };
    if (any_name(kind, contains)) found.push_back(&kind);
  }
  return found;
}

std::vector<std::string> labels_of(const std::vector<const AxisKind*>& kinds) {
  std::vector<std::string> labels;
  for (const AxisKind* kind : kinds) labels.emplace_back(kind->label);
  return labels;
}

Unexpected unknown_axis(std::string_view label) {
  std::vector<std::string> labels;
  for (const AxisKind& kind : axis_kinds()) labels.emplace_back(kind.label);
  const auto meant = nearest(trim(label), labels);
  return fail(ErrorKind::Invalid,
              fmt::format("is not an axis. {}There are {}.",
                          meant ? fmt::format("Did you mean \"{}\"? ", *meant) : "",
                          fmt::join(labels, ", ")));
}

std::uint64_t integer_count(const v1::AxisValues& values) {
  std::uint64_t count = 0;
  for (const v1::IntegerRun& run : values.integers()) count += run.count();
  return count;
}

std::string number_text(double value) {
  constexpr double kFourDecimals = 1e4;
  const double rounded = std::round(value * kFourDecimals) / kFourDecimals;
  return std::isfinite(rounded) ? shortest(rounded + 0.0) : shortest(value);
}

std::string sampler_text(const v1::SamplerValue& value) {
  const std::string label(sampler_named(value.sampler()).label);
  if (value.schedule().empty()) return label;
  return label + ' ' + std::string(schedule_named(value.schedule()).label);
}

std::string permutation_text(const ValueAt& value) {
  const auto phrases = phrases_of(value.values);
  std::vector<std::string_view> ordered;
  for (const std::size_t k : permutation(phrases.size(), value.i)) ordered.push_back(phrases[k]);
  return fmt::format("{}", fmt::join(ordered, ", "));
}

}  // namespace

const std::vector<AxisKind>& axis_kinds() {
  static const std::vector<AxisKind> kinds = make_axis_kinds();
  return kinds;
}

const AxisKind* axis_of_field(std::string_view field) {
  const auto found = std::ranges::find(axis_kinds(), field, &AxisKind::field);
  return found == axis_kinds().end() ? nullptr : &*found;
}

const AxisKind* axis_named(std::string_view label) {
  const std::string key = key_of(label);
  const auto is_key = [&](std::string_view name) { return name == key; };
  const auto found = std::ranges::find_if(
      axis_kinds(), [&](const AxisKind& kind) { return any_name(kind, is_key); });
  return found == axis_kinds().end() ? nullptr : &*found;
}

Result<const AxisKind*> find_axis(std::string_view label) {
  if (const AxisKind* kind = axis_named(label)) return kind;
  const std::string key = key_of(label);
  const auto is_unbuilt = [&](auto matches) {
    return std::ranges::any_of(kUnbuiltAxes,
                               [&](std::string_view name) { return matches(key_of(name)); });
  };
  const auto unbuilt = fail(ErrorKind::Invalid,
                            "is an axis of A1111 or sdnext that furrow does not support yet. "
                            "Leave it out for now.");
  if (is_unbuilt([&](const std::string& name) { return name == key; })) return unbuilt;
  const auto candidates = axes_with_part(key);
  if (candidates.size() == 1) return candidates.front();
  if (candidates.size() > 1) {
    return fail(ErrorKind::Invalid, fmt::format("could be any of {}. Write one of them.",
                                                fmt::join(labels_of(candidates), ", ")));
  }
  const bool part_of_unbuilt =
      key.size() >= kShortestPart &&
      is_unbuilt([&](const std::string& name) { return name.find(key) != std::string::npos; });
  if (part_of_unbuilt) return unbuilt;
  return unknown_axis(label);
}

int role_rank(v1::AxisRole role) {
  return role == v1::AXIS_ROLE_UNSPECIFIED ? v1::AXIS_ROLE_Z + 1 : static_cast<int>(role);
}

std::uint64_t value_count(const AxisKind& kind, const v1::AxisValues& values) {
  const auto size = [](const auto& list) { return static_cast<std::uint64_t>(list.size()); };
  switch (kind.type) {
    case AxisType::Text:
    case AxisType::SearchReplace:
    case AxisType::Schedule:
      return size(values.texts());
    case AxisType::Permutation:
      return values.permuted_size() == 0
                 ? 0
                 : permutation_count(static_cast<std::size_t>(values.permuted_size()));
    case AxisType::Integer:
      return integer_count(values);
    case AxisType::Number:
      return size(values.numbers());
    case AxisType::Size:
      return size(values.sizes());
    case AxisType::Sampler:
      return size(values.samplers());
    case AxisType::Model:
    case AxisType::Vae:
      return size(values.models());
  }
  FURROW_CHECK(false, "an axis type that exists");
}

std::string value_text(const AxisKind& kind, const ValueAt& value) {
  const int i = static_cast<int>(value.i);
  switch (kind.type) {
    case AxisType::Text:
    case AxisType::SearchReplace:
      return value.values.texts(i);
    case AxisType::Permutation:
      return permutation_text(value);
    case AxisType::Integer:
      return fmt::format("{}", value.integer);
    case AxisType::Number:
      return number_text(value.values.numbers(i));
    case AxisType::Size:
      return fmt::format("{}x{}", value.values.sizes(i).width(), value.values.sizes(i).height());
    case AxisType::Sampler:
      return sampler_text(value.values.samplers(i));
    case AxisType::Schedule:
      return std::string(schedule_named(value.values.texts(i)).label);
    case AxisType::Model:
    case AxisType::Vae:
      return value.values.models(i).automatic() ? "Automatic"
                                                : value.values.models(i).model().name();
  }
  FURROW_CHECK(false, "an axis type that exists");
}

}  // namespace furrow::spec
