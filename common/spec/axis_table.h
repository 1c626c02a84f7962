#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/spec/axis.h"

/// The rows of the table of axes, by subject, and what their setters have in common. Only axis.cpp
/// puts them together.
namespace furrow::spec {

/// Prompts, seed, steps, guidance scale, sampler, size, models.
std::vector<AxisKind> basic_axes();
/// What a sampler, its schedule and guidance may be told.
std::vector<AxisKind> sampler_axes();
/// Where the noise comes from.
std::vector<AxisKind> noise_axes();
/// Runs that begin with a picture, and their masks.
std::vector<AxisKind> picture_axes();
/// The second run of hires fix, and the refiner.
std::vector<AxisKind> hires_axes();

/// The labels of axes of A1111 and sdnext that furrow does not have yet.
std::span<const std::string_view> unbuilt_axes();

// Where a setter finds its value, by the type of its axis.

inline const std::string& text_at(const ValueAt& value) {
  return value.values.texts(static_cast<int>(value.i));
}

inline std::uint32_t small_at(const ValueAt& value) {
  return static_cast<std::uint32_t>(value.integer);
}

inline double number_at(const ValueAt& value) {
  return value.values.numbers(static_cast<int>(value.i));
}

inline bool truth_at(const ValueAt& value) {
  return text_at(value) == "true";
}

inline const v1::SamplerValue& sampler_at(const ValueAt& value) {
  return value.values.samplers(static_cast<int>(value.i));
}

inline const v1::ModelValue& model_at(const ValueAt& value) {
  return value.values.models(static_cast<int>(value.i));
}

/// The number of a Choice in the schema's enum; 0, the unspecified one, when the plan names none.
inline int choice_at(const ValueAt& value, const OptionNames& names) {
  const OptionName* option = option_named(names, text_at(value));
  return option == nullptr ? 0 : option->number;
}

}  // namespace furrow::spec
