#include "coordinator/net/plan_estimate.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "common/spec/inputs.h"
#include "common/spec/recipe.h"

namespace furrow::net {

namespace {

constexpr std::uint64_t kSampleCells = 10'000;
/// Prompts may be long; this much of recipes is hashed in some hundred milliseconds.
constexpr std::uint64_t kMostHashedBytes = std::uint64_t{64} << 20;

/// How many cells may be looked at one by one.
std::uint64_t affordable_cells(const spec::Grid& grid) {
  const auto bytes =
      std::max(grid.recipe(0).ByteSizeLong(), grid.recipe(grid.cell_count() - 1).ByteSizeLong());
  return kMostHashedBytes / std::max<std::uint64_t>(bytes, 1);
}

/// Adds the recipe of a cell to the sums and to the set of different ones.
class Tally {
 public:
  explicit Tally(PlanEstimate& estimate) : estimate_(estimate) {}

  void add(const v1::Recipe& recipe) {
    const double pixels = static_cast<double>(recipe.width()) * recipe.height();
    estimate_.pixels += pixels;
    estimate_.pixel_steps += pixels * recipe.steps();
    const Digest hash = spec::recipe_hash(recipe);
    if (seen_.insert(hash).second) estimate_.recipes.push_back(hash);
  }

 private:
  PlanEstimate& estimate_;
  std::unordered_set<Digest> seen_;
};

void look_at_every_cell(const spec::Grid& grid, PlanEstimate& estimate) {
  Tally tally(estimate);
  v1::Recipe previous;
  for (std::uint64_t position = 0; position < estimate.cells; ++position) {
    v1::Recipe recipe = grid.recipe(grid.index_in_render_order(position));
    tally.add(recipe);
    if (position > 0 && !spec::have_same_models(previous, recipe)) ++estimate.model_switches;
    previous = std::move(recipe);
  }
  estimate.unique_cells = estimate.recipes.size();
}

/// Different recipes along one axis, the others at their first value. A long axis is judged by its
/// first kExactCells values, or as many as can be afforded.
double different_along(const spec::Grid& grid, std::size_t axis) {
  std::vector<std::uint64_t> at(grid.lengths().size(), 0);
  const std::uint64_t length = grid.lengths()[axis];
  const std::uint64_t looked_at =
      std::min({length, kExactCells, std::max<std::uint64_t>(affordable_cells(grid), 1)});
  std::unordered_set<Digest> seen;
  for (at[axis] = 0; at[axis] < looked_at; ++at[axis])
    seen.insert(grid.recipe_hash(grid.index(at)));
  return static_cast<double>(seen.size()) * static_cast<double>(length) /
         static_cast<double>(looked_at);
}

bool chooses_weights(const v1::PlanAxis& axis) {
  return axis.values().models_size() > 0;
}

void look_at_a_sample(const spec::Grid& grid, PlanEstimate& estimate) {
  estimate.estimated = true;
  double unique = 1;
  std::uint64_t weights = 1;
  for (std::size_t axis = 0; axis < grid.lengths().size(); ++axis) {
    unique *= different_along(grid, axis);
    if (chooses_weights(grid.plan().axes(static_cast<int>(axis)))) weights *= grid.lengths()[axis];
  }
  estimate.unique_cells =
      std::min(estimate.cells, static_cast<std::uint64_t>(std::llround(unique)));
  estimate.model_switches = weights - 1;

  // An odd stride near cells / kSampleCells meets the values of every axis; an even one may always
  // meet the same value of a fast axis.
  const std::uint64_t sample = std::clamp<std::uint64_t>(affordable_cells(grid), 1, kSampleCells);
  const std::uint64_t stride = (estimate.cells / sample) | 1;
  Tally tally(estimate);
  std::uint64_t looked_at = 0;
  for (std::uint64_t index = 0; index < estimate.cells; index += stride, ++looked_at) {
    tally.add(grid.recipe(index));
  }
  const double scale = static_cast<double>(estimate.cells) / static_cast<double>(looked_at);
  estimate.pixels *= scale;
  estimate.pixel_steps *= scale;
}

}  // namespace

std::uint64_t PlanEstimate::cache_hits(std::uint64_t hits) const {
  if (recipes.empty()) return 0;
  const double share = static_cast<double>(hits) / static_cast<double>(recipes.size());
  return static_cast<std::uint64_t>(std::llround(share * static_cast<double>(unique_cells)));
}

PlanEstimate estimate(const spec::Grid& grid) {
  PlanEstimate estimate;
  estimate.cells = grid.cell_count();
  if (estimate.cells <= std::min(kExactCells, affordable_cells(grid))) {
    look_at_every_cell(grid, estimate);
  } else {
    look_at_a_sample(grid, estimate);
  }
  return estimate;
}

}  // namespace furrow::net
