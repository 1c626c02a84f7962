#include "coordinator/scheduler/lanes.h"

#include "common/base/check.h"

namespace furrow::scheduler {

namespace {

bool divides_lanes(const v1::PlanAxis& axis) {
  return axis.values().models_size() > 0 || axis.field() == "sampler";
}

}  // namespace

std::uint64_t LaneMap::lane_count(const spec::Grid& grid) {
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < grid.lengths().size(); ++i) {
    if (divides_lanes(grid.plan().axes(static_cast<int>(i)))) count *= grid.lengths()[i];
  }
  return count;
}

LaneMap::LaneMap(const spec::Grid& grid) {
  const std::vector<std::uint64_t>& lengths = grid.lengths();
  FURROW_CHECK(grid.render_order().size() == lengths.size(), "the render order names every axis");

  std::vector<Axis> axes(lengths.size());
  std::uint64_t index_stride = 1;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    axes[i].length = lengths[i];
    axes[i].index_stride = index_stride;
    index_stride *= lengths[i];
  }

  std::uint64_t position_stride = 1;
  for (const std::size_t i : grid.render_order()) {
    axes[i].position_stride = position_stride;
    position_stride *= lengths[i];
    if (divides_lanes(grid.plan().axes(static_cast<int>(i)))) {
      lane_axes_.push_back(axes[i]);
      lanes_ *= static_cast<LaneId>(lengths[i]);
    } else {
      inner_axes_.push_back(axes[i]);
      cells_per_lane_ *= lengths[i];
    }
  }
}

LaneId LaneMap::lane_of(std::uint64_t index) const {
  std::uint64_t lane = 0;
  std::uint64_t lane_stride = 1;
  for (const Axis& axis : lane_axes_) {
    lane += index / axis.index_stride % axis.length * lane_stride;
    lane_stride *= axis.length;
  }
  return static_cast<LaneId>(lane);
}

LaneMap::Place LaneMap::place(LaneId lane, std::uint64_t n) const {
  Place place;
  const auto walk = [&place](const std::vector<Axis>& axes, std::uint64_t rest) {
    for (const Axis& axis : axes) {
      const std::uint64_t coordinate = rest % axis.length;
      rest /= axis.length;
      place.index += coordinate * axis.index_stride;
      place.position += coordinate * axis.position_stride;
    }
  };
  walk(lane_axes_, lane);
  walk(inner_axes_, n);
  return place;
}

}  // namespace furrow::scheduler
