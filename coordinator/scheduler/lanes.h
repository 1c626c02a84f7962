#pragma once

#include <cstdint>
#include <vector>

#include "common/spec/grid.h"
#include "coordinator/scheduler/fit.h"

namespace furrow::scheduler {

using LaneId = std::uint32_t;

/// Cuts a grid into lanes: the cells of a lane ask the same of a worker (models and sampler), so
/// whether a worker can render them is asked once a lane and never once a cell.
///
/// All lanes of a grid are equally long. Within a lane, and between lanes by position, cells keep
/// the grid's render order. Pure index arithmetic: nothing here is as large as the grid or changes.
class LaneMap {
 public:
  /// How many lanes a grid has, before anything is built for them.
  static std::uint64_t lane_count(const spec::Grid& grid);

  explicit LaneMap(const spec::Grid& grid);

  LaneId lanes() const { return lanes_; }

  std::uint64_t cells_per_lane() const { return cells_per_lane_; }

  /// The lane of a cell. Requires: index < grid.cell_count().
  LaneId lane_of(std::uint64_t index) const;

  /// A cell's index in the grid, and its position in render order.
  struct Place {
    std::uint64_t index = 0;
    std::uint64_t position = 0;
  };

  /// The n-th cell of a lane. Requires: lane < lanes(), n < cells_per_lane().
  Place place(LaneId lane, std::uint64_t n) const;

 private:
  /// An axis by its length and by how far one step on it moves a cell.
  struct Axis {
    std::uint64_t length = 1;
    std::uint64_t index_stride = 1;
    std::uint64_t position_stride = 1;
  };

  std::vector<Axis> lane_axes_;
  std::vector<Axis> inner_axes_;  // the others, fastest in render order first
  LaneId lanes_ = 1;
  std::uint64_t cells_per_lane_ = 1;
};

}  // namespace furrow::scheduler
