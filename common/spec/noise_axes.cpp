// The axes of where the noise comes from.
#include <limits>

#include "common/spec/axis_table.h"
#include "common/spec/size_rule.h"

namespace furrow::spec {

namespace {

void set_noise_source(v1::Recipe& recipe, const ValueAt& value) {
  recipe.mutable_noise()->set_source(
      static_cast<v1::NoiseSource>(choice_at(value, noise_sources())));
}

void set_variation_seed(v1::Recipe& recipe, const ValueAt& value) {
  recipe.mutable_noise()->set_variation_seed(static_cast<std::uint64_t>(value.integer));
}

void set_variation_strength(v1::Recipe& recipe, const ValueAt& value) {
  recipe.mutable_noise()->set_variation_strength(number_at(value));
}

void set_seed_resize_width(v1::Recipe& recipe, const ValueAt& value) {
  recipe.mutable_noise()->set_resize_width(small_at(value));
}

void set_seed_resize_height(v1::Recipe& recipe, const ValueAt& value) {
  recipe.mutable_noise()->set_resize_height(small_at(value));
}

void set_seed_delta(v1::Recipe& recipe, const ValueAt& value) {
  recipe.mutable_noise()->set_seed_delta(static_cast<std::uint64_t>(value.integer));
}

}  // namespace

// clang-format off
// field, label, type, cost, speaks for itself, aliases, how it is set, limits, needs, options

std::vector<AxisKind> noise_axes() {
  using enum AxisType;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return {
      {"noise_source", "RNG", Choice, 0, false, {"RNG source", "Random number generator source"},
       set_noise_source, {}, Needs::Nothing, noise_sources},
      {"variation_seed", "Variation seed", Seed, 0, false, {"Var. seed", "[Param] Variation seed", "Subseed"},
       set_variation_seed, {0, kMost}, Needs::Variation},
      {"variation_strength", "Variation strength", Number, 0, false,
       {"Var. strength", "Variation seed strength", "[Param] Variation strength", "Subseed strength"},
       set_variation_strength, {0, 1}},
      {"seed_resize_width", "Seed resize width", Integer, 0, false, {"Seed resize from w"},
       set_seed_resize_width, {0, kMaxSide}},
      {"seed_resize_height", "Seed resize height", Integer, 0, false, {"Seed resize from h"},
       set_seed_resize_height, {0, kMaxSide}},
      {"eta_noise_seed_delta", "ENSD", Integer, 0, false, {"[Sampler] ETA delta"}, set_seed_delta, {0, kMost}},
  };
}

// clang-format on

}  // namespace furrow::spec
