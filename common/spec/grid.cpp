#include "common/spec/grid.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/spec/loras.h"
#include "common/spec/plan.h"
#include "common/spec/prompt_edit.h"
#include "common/spec/recipe.h"
#include "common/spec/sampler_names.h"
#include "common/spec/settle.h"

namespace furrow::spec {

namespace {

/// Setters run in this order: what sets a prompt, what reorders it, what replaces in it.
int phase_of(AxisType type) {
  switch (type) {
    case AxisType::Permutation:
      return 1;
    case AxisType::SearchReplace:
      return 2;
    case AxisType::Text:
    case AxisType::Integer:
    case AxisType::Seed:
    case AxisType::Number:
    case AxisType::Size:
    case AxisType::Sampler:
    case AxisType::Schedule:
    case AxisType::Choice:
    case AxisType::Model:
    case AxisType::Vae:
    case AxisType::Refiner:
    case AxisType::Upscaler:
      return 0;
  }
  FURROW_CHECK(false, "an axis type that exists");
}

template <typename Key>
std::vector<std::size_t> order_by(std::size_t n, Key key) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, key);
  return order;
}

std::vector<std::uint64_t> run_ends_of(const v1::AxisValues& values) {
  std::vector<std::uint64_t> ends;
  std::uint64_t end = 0;
  for (const v1::IntegerRun& run : values.integers()) ends.push_back(end += run.count());
  return ends;
}

bool is_known_sampler(std::string_view name) {
  return std::ranges::any_of(samplers(), [&](const auto& known) { return known.name == name; });
}

bool is_known_schedule(std::string_view name) {
  return std::ranges::any_of(schedules(), [&](const auto& known) { return known.name == name; });
}

/// Whether every name and list of an axis is one that Grid can take.
bool is_usable(const AxisKind& kind, const v1::AxisValues& values) {
  switch (kind.type) {
    case AxisType::Sampler:
      return std::ranges::all_of(values.samplers(), [](const v1::SamplerValue& value) {
        return is_known_sampler(value.sampler()) &&
               (value.schedule().empty() || is_known_schedule(value.schedule()));
      });
    case AxisType::Schedule:
      return std::ranges::all_of(values.texts(), is_known_schedule);
    case AxisType::SearchReplace:
      return values.texts_size() > 0 && !values.texts(0).empty();
    case AxisType::Permutation:
      return values.permuted_size() <= static_cast<int>(kMaxPhrases);
    case AxisType::Choice:
      return std::ranges::all_of(values.texts(), [&](const std::string& name) {
        return option_named(kind.options(), name) != nullptr;
      });
    case AxisType::Integer:
    case AxisType::Seed:
      return std::ranges::all_of(values.integers(), [](const v1::IntegerRun& run) {
        std::int64_t last = 0;
        return run.count() <= kMaxCells &&
               !__builtin_mul_overflow(run.step(), static_cast<std::int64_t>(run.count()), &last) &&
               !__builtin_add_overflow(run.first(), last, &last);
      });
    case AxisType::Text:
    case AxisType::Number:
    case AxisType::Size:
    case AxisType::Model:
    case AxisType::Vae:
    case AxisType::Refiner:
    case AxisType::Upscaler:
      return true;
  }
  FURROW_CHECK(false, "an axis type that exists");
}

}  // namespace

Result<Grid> Grid::open(v1::Plan plan) {
  const auto refuse = [](std::string_view what) {
    return fail(ErrorKind::Invalid,
                fmt::format("This furrow cannot read the plan: {}. Was it made by a newer furrow? "
                            "Use the same version on every machine.",
                            what));
  };
  const v1::HiresFix& hires = plan.base().hires();
  const auto is_known = [](const std::string& sampler, const std::string& schedule) {
    return is_known_sampler(sampler) && is_known_schedule(schedule);
  };
  for (const auto& [sampler, schedule] :
       {std::pair(plan.base().sampler(), plan.base().schedule()),
        std::pair(hires.sampler().empty() ? plan.base().sampler() : hires.sampler(),
                  hires.schedule().empty() ? plan.base().schedule() : hires.schedule())}) {
    if (is_known(sampler, schedule)) continue;
    return refuse(
        fmt::format("it asks for the sampler \"{}\" with the schedule \"{}\"", sampler, schedule));
  }
  std::uint64_t cells = 1;
  for (const v1::PlanAxis& axis : plan.axes()) {
    const AxisKind* kind = axis_of_field(axis.field());
    if (kind == nullptr) return refuse(fmt::format("it has an axis \"{}\"", axis.field()));
    if (!is_usable(*kind, axis.values())) {
      return refuse(fmt::format("a value of its axis \"{}\" is unknown", axis.label()));
    }
    const std::uint64_t length = value_count(*kind, axis.values());
    if (length == 0) return refuse(fmt::format("its axis \"{}\" is empty", axis.label()));
    if (length > kMaxCells / cells) {
      return refuse(fmt::format("it has more than {} cells", kMaxCells));
    }
    cells *= length;
  }
  return Grid(std::move(plan));
}

Grid::Grid(v1::Plan plan) : plan_(std::move(plan)) {
  for (const v1::PlanAxis& axis : plan_.axes()) {
    const AxisKind* kind = axis_of_field(axis.field());
    FURROW_CHECK(kind != nullptr, "an axis of a plan has a field of ours");
    const std::uint64_t length = value_count(*kind, axis.values());
    FURROW_CHECK(length > 0 && length <= kMaxCells / cell_count_, "a plan is not too large");
    axes_.push_back({kind, length, cell_count_, run_ends_of(axis.values())});
    lengths_.push_back(length);
    cell_count_ *= length;
  }
  apply_order_ = order_by(axes_.size(), [&](std::size_t axis) {
    const AxisType type = axes_[axis].kind->type;
    return std::pair(phase_of(type), role_rank(plan_.axes(static_cast<int>(axis)).role()));
  });
  render_order_ = order_by(axes_.size(), [&](std::size_t axis) { return axes_[axis].kind->cost; });
}

std::vector<std::uint64_t> Grid::coordinates(std::uint64_t index) const {
  FURROW_CHECK(index < cell_count_, "a cell of the grid");
  std::vector<std::uint64_t> coordinates;
  coordinates.reserve(axes_.size());
  for (const Axis& axis : axes_) coordinates.push_back(index / axis.stride % axis.length);
  return coordinates;
}

std::uint64_t Grid::index(const std::vector<std::uint64_t>& coordinates) const {
  FURROW_CHECK(coordinates.size() == axes_.size(), "one coordinate an axis");
  std::uint64_t index = 0;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    FURROW_CHECK(coordinates[axis] < axes_[axis].length, "a coordinate on its axis");
    index += coordinates[axis] * axes_[axis].stride;
  }
  return index;
}

std::uint64_t Grid::index_in_render_order(std::uint64_t position) const {
  FURROW_CHECK(position < cell_count_, "a position in the grid");
  std::uint64_t index = 0;
  for (const std::size_t axis : render_order_) {
    index += position % axes_[axis].length * axes_[axis].stride;
    position /= axes_[axis].length;
  }
  return index;
}

ValueAt Grid::value_at(std::size_t axis, std::uint64_t i) const {
  const v1::AxisValues& values = plan_.axes(static_cast<int>(axis)).values();
  const std::vector<std::uint64_t>& ends = axes_[axis].run_ends;
  if (ends.empty()) return {values, i};
  const auto run = std::ranges::upper_bound(ends, i) - ends.begin();
  const v1::IntegerRun& integers = values.integers(static_cast<int>(run));
  const auto within = i - (run == 0 ? 0 : ends[static_cast<std::size_t>(run) - 1]);
  return {values, i, integers.first() + integers.step() * static_cast<std::int64_t>(within)};
}

v1::Recipe Grid::recipe(std::uint64_t index) const {
  FURROW_CHECK(index < cell_count_, "a cell of the grid");
  v1::Recipe recipe = plan_.base();
  for (const std::size_t axis : apply_order_) {
    const auto& [kind, length, stride, _] = axes_[axis];
    kind->set(recipe, value_at(axis, index / stride % length));
  }
  settle(recipe);
  keep_named_loras(recipe);
  return recipe;
}

Digest Grid::recipe_hash(std::uint64_t index) const {
  return spec::recipe_hash(recipe(index));
}

std::string Grid::value_label(std::size_t axis, std::uint64_t i) const {
  FURROW_CHECK(axis < axes_.size() && i < axes_[axis].length, "a value of the grid");
  return value_text(*axes_[axis].kind, value_at(axis, i));
}

std::string Grid::coordinate_label(std::size_t axis, std::uint64_t i) const {
  const std::string value = value_label(axis, i);
  if (axes_[axis].kind->speaks_for_itself && !value.empty()) return value;
  return plan_.axes(static_cast<int>(axis)).label() + ": " + (value.empty() ? "(empty)" : value);
}

}  // namespace furrow::spec
