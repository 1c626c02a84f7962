#include "common/spec/hires_size.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/spec/settle.h"

namespace furrow::spec {

namespace {

using Size = std::pair<std::int64_t, std::int64_t>;

const v1::AxisValues* values_of(const v1::Plan& plan, std::string_view field) {
  for (const v1::PlanAxis& axis : plan.axes()) {
    if (axis.field() == field) return &axis.values();
  }
  return nullptr;
}

/// The least and the most that an integer of the base or of its axis is.
std::vector<std::int64_t> ends_of(const v1::Plan& plan, std::string_view field, std::int64_t base) {
  const v1::AxisValues* values = values_of(plan, field);
  if (values == nullptr) return {base};
  std::vector<std::int64_t> ends;
  for (const v1::IntegerRun& run : values->integers()) {
    ends.push_back(run.first());
    ends.push_back(run.first() + run.step() * static_cast<std::int64_t>(run.count() - 1));
  }
  const auto [least, most] = std::ranges::minmax(ends);
  return {least, most};
}

/// Sizes of first runs; whatever grows or shrinks with the sides is at its most for one of them.
std::vector<Size> telling_sizes(const v1::Plan& plan) {
  std::vector<Size> sizes;
  if (const v1::AxisValues* values = values_of(plan, "size")) {
    for (const v1::SizeValue& size : values->sizes())
      sizes.emplace_back(size.width(), size.height());
    return sizes;
  }
  for (const std::int64_t width : ends_of(plan, "width", plan.base().width())) {
    for (const std::int64_t height : ends_of(plan, "height", plan.base().height())) {
      sizes.emplace_back(width, height);
    }
  }
  return sizes;
}

double largest_scale(const v1::Plan& plan) {
  const v1::AxisValues* values = values_of(plan, "hires_scale");
  return values == nullptr ? plan.base().hires().scale() : std::ranges::max(values->numbers());
}

}  // namespace

std::optional<std::string> fault_of_hires_size(const v1::Plan& plan, const SizeRule& size_rule) {
  if (!plan.base().has_hires()) return std::nullopt;
  const double scale = largest_scale(plan);
  const auto widths = ends_of(plan, "hires_width", plan.base().hires().width());
  const auto heights = ends_of(plan, "hires_height", plan.base().hires().height());
  const bool follows = scale > 0 || std::ranges::min(widths) == 0 || std::ranges::min(heights) == 0;
  if (follows && kHiresMultiple % size_rule.factor != 0) {
    return fmt::format(
        "Hires fix makes sides in multiples of {}, and {} multiples of {}. Give it "
        "both hires_width and hires_height.",
        kHiresMultiple, size_rule.models, size_rule.factor);
  }
  for (const auto& [width_px, height_px] : telling_sizes(plan)) {
    const auto width = static_cast<double>(width_px);
    const auto height = static_cast<double>(height_px);
    double longest = std::max(width, height) * scale;
    if (scale == 0 && std::ranges::min(heights) == 0) {
      longest = static_cast<double>(std::ranges::max(widths)) * height / width;
    }
    if (scale == 0 && std::ranges::min(widths) == 0) {
      longest = std::max(longest, static_cast<double>(std::ranges::max(heights)) * width / height);
    }
    if (longest > static_cast<double>(kMaxSide)) {
      return fmt::format(
          "Hires fix makes a side of {:.0f} pixels of {}x{}; a side has at most {}. "
          "Make it smaller.",
          longest, width_px, height_px, kMaxSide);
    }
  }
  return std::nullopt;
}

}  // namespace furrow::spec
