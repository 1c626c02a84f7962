#pragma once

#include <cstdint>
#include <vector>

#include "common/base/digest.h"
#include "common/spec/grid.h"

namespace furrow::net {

/// Up to this many cells a dry run looks at every one; beyond, at a sample.
inline constexpr std::uint64_t kExactCells = 100'000;

/// How large a sweep really is. Pure; takes a second at most, so it belongs in a client's thread.
struct PlanEstimate {
  std::uint64_t cells = 0;
  std::uint64_t unique_cells = 0;    ///< cells of different recipes
  std::uint64_t model_switches = 0;  ///< changes of model or VAE in render order
  bool estimated = false;            ///< unique_cells is an estimate
  /// The different recipes looked at: all of them, or those of a sample spread over the grid.
  std::vector<Digest> recipes;
  /// Sum over all cells of steps × pixels: what render time grows with.
  double pixel_steps = 0;
  double pixels = 0;  ///< of all cells together

  /// `hits` of `recipes` are known already: how many of unique_cells is that?
  std::uint64_t cache_hits(std::uint64_t hits) const;
};

/// Exact up to kExactCells cells. Beyond, each axis is taken by itself: the number of different
/// recipes along it, the others at their first value; unique_cells is the product. That is right
/// unless two axes cancel each other.
PlanEstimate estimate(const spec::Grid& grid);

}  // namespace furrow::net
