#include "coordinator/scheduler/lanes.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/coordinator/support/sweeps.h"

namespace furrow::scheduler {
namespace {

using test::a_sweep;

TEST(LaneMap, EveryCellIsInOneLaneAtOnePlace) {
  const auto grid = a_sweep()
                        .with_samplers({"euler", "heun", "ddim"})
                        .with_seeds(5)
                        .with_models({"cats", "dogs"})
                        .grid();

  const LaneMap map(*grid);

  ASSERT_EQ(map.lanes(), 6U);
  ASSERT_EQ(map.cells_per_lane(), 5U);
  std::set<std::uint64_t> seen;
  for (LaneId lane = 0; lane < map.lanes(); ++lane) {
    for (std::uint64_t n = 0; n < map.cells_per_lane(); ++n) {
      const auto place = map.place(lane, n);
      EXPECT_EQ(map.lane_of(place.index), lane);
      EXPECT_EQ(grid->index_in_render_order(place.position), place.index);
      EXPECT_TRUE(seen.insert(place.index).second);
    }
  }
  EXPECT_EQ(seen.size(), grid->cell_count());
}

TEST(LaneMap, CellsOfALaneNeedTheSame) {
  const auto grid =
      a_sweep().with_seeds(4).with_models({"cats", "dogs"}).with_samplers({"euler", "heun"}).grid();
  const LaneMap map(*grid);

  for (LaneId lane = 0; lane < map.lanes(); ++lane) {
    const Needs first = needs_of(grid->recipe(map.place(lane, 0).index));
    for (std::uint64_t n = 1; n < map.cells_per_lane(); ++n) {
      const Needs other = needs_of(grid->recipe(map.place(lane, n).index));
      EXPECT_EQ(other.model, first.model);
      EXPECT_EQ(other.sampler, first.sampler);
    }
  }
}

TEST(LaneMap, ASweepOfSeedsIsOneLaneInRenderOrder) {
  const auto grid = a_sweep().with_seeds(1'000'000).grid();
  const LaneMap map(*grid);

  EXPECT_EQ(map.lanes(), 1U);
  EXPECT_EQ(map.place(0, 999'999).index, 999'999U);
}

}  // namespace
}  // namespace furrow::scheduler
