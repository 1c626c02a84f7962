#include "common/spec/axis.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/spec/axis_table.h"
#include "common/spec/nearest.h"
#include "common/spec/prompt_edit.h"
#include "common/spec/sampler_names.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

std::vector<std::string_view> phrases_of(const v1::AxisValues& values) {
  return {values.permuted().begin(), values.permuted().end()};
}

std::vector<AxisKind> all_axis_kinds() {
  std::vector<AxisKind> kinds;
  for (const auto& table :
       {basic_axes(), sampler_axes(), noise_axes(), picture_axes(), hires_axes()}) {
    kinds.insert(kinds.end(), table.begin(), table.end());
  }
  return kinds;
}

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

/// The axes with a name that begins with `key`; when there is none, those with one that has it.
std::vector<const AxisKind*> axes_with_part(std::string_view key) {
  std::vector<const AxisKind*> beginning;
  std::vector<const AxisKind*> having;
  if (key.size() < kShortestPart) return having;
  for (const AxisKind& kind : axis_kinds()) {
    const auto begins = [&](std::string_view name) { return name.starts_with(key); };
    const auto contains = [&](std::string_view name) { return name.find(key) != name.npos; };
    if (any_name(kind, begins)) beginning.push_back(&kind);
    if (any_name(kind, contains)) having.push_back(&kind);
  }
  return beginning.empty() ? having : beginning;
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

std::string option_text(const AxisKind& kind, const std::string& name) {
  const OptionName* option = option_named(kind.options(), name);
  return option == nullptr ? name : std::string(option->label);
}

std::string upscaler_text(const v1::ModelRef& upscaler) {
  const OptionName* way =
      upscaler.hash().empty() ? option_named(hires_upscalers(), upscaler.name()) : nullptr;
  return way == nullptr ? upscaler.name() : std::string(way->label);
}

std::string permutation_text(const ValueAt& value) {
  const auto phrases = phrases_of(value.values);
  std::vector<std::string_view> ordered;
  for (const std::size_t k : permutation(phrases.size(), value.i)) ordered.push_back(phrases[k]);
  return fmt::format("{}", fmt::join(ordered, ", "));
}

}  // namespace

const std::vector<AxisKind>& axis_kinds() {
  static const std::vector<AxisKind> kinds = all_axis_kinds();
  return kinds;
}

bool is_parameter(const AxisKind& kind) {
  return kind.type != AxisType::SearchReplace && kind.type != AxisType::Permutation;
}

std::string Limits::text() const {
  return above_least ? fmt::format("more than {}, to {}", least, most)
                     : fmt::format("{} to {}", least, most);
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
    return std::ranges::any_of(unbuilt_axes(),
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
    case AxisType::Choice:
      return size(values.texts());
    case AxisType::Permutation:
      return values.permuted_size() == 0
                 ? 0
                 : permutation_count(static_cast<std::size_t>(values.permuted_size()));
    case AxisType::Integer:
    case AxisType::Seed:
      return integer_count(values);
    case AxisType::Number:
      return size(values.numbers());
    case AxisType::Size:
      return size(values.sizes());
    case AxisType::Sampler:
      return size(values.samplers());
    case AxisType::Model:
    case AxisType::Vae:
    case AxisType::Refiner:
    case AxisType::Upscaler:
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
    case AxisType::Seed:
      return fmt::format("{}", value.integer);
    case AxisType::Number:
      return number_text(value.values.numbers(i));
    case AxisType::Size:
      return fmt::format("{}x{}", value.values.sizes(i).width(), value.values.sizes(i).height());
    case AxisType::Sampler:
      return sampler_text(value.values.samplers(i));
    case AxisType::Schedule:
      return std::string(schedule_named(value.values.texts(i)).label);
    case AxisType::Choice:
      return option_text(kind, value.values.texts(i));
    case AxisType::Model:
    case AxisType::Vae:
      return value.values.models(i).automatic() ? "Automatic"
                                                : value.values.models(i).model().name();
    case AxisType::Refiner:
      return value.values.models(i).automatic() ? "None" : value.values.models(i).model().name();
    case AxisType::Upscaler:
      return upscaler_text(value.values.models(i).model());
  }
  FURROW_CHECK(false, "an axis type that exists");
}

}  // namespace furrow::spec
