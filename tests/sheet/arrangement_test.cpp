#include "common/sheet/arrangement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sheet/plan_builder.h"

namespace furrow::sheet {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Arrangement, WithoutRolesTheAxesAreXYZAndBands) {
  const spec::Grid grid =
      a_plan().with_seeds(2).with_steps(3).with_scales({5, 7}).with_clip_skips(4).grid();
  const Arrangement arrangement(grid);

  EXPECT_EQ(arrangement.columns(), 2u);
  EXPECT_EQ(arrangement.rows(), 3u);
  EXPECT_EQ(arrangement.subgrids(), 2u);
  EXPECT_EQ(arrangement.bands(), 4u);
  EXPECT_EQ(arrangement.place(grid.index({1, 2, 1, 3})), (Place{1, 2, 1, 3}));
}

TEST(Arrangement, AxesPlayTheirRolesInAnyOrder) {
  const spec::Grid grid = a_plan()
                              .with_seeds(2, v1::AXIS_ROLE_Z)
                              .with_steps(3, v1::AXIS_ROLE_X)
                              .with_scales({5, 7}, v1::AXIS_ROLE_Y)
                              .grid();
  const Arrangement arrangement(grid);

  EXPECT_THAT(arrangement.column_labels(), ElementsAre("Steps: 1", "Steps: 2", "Steps: 3"));
  EXPECT_THAT(arrangement.row_labels(), ElementsAre("CFG scale: 5", "CFG scale: 7"));
  EXPECT_THAT(arrangement.subgrid_labels(), ElementsAre("Seed: 1", "Seed: 2"));
  EXPECT_THAT(arrangement.band_labels(), IsEmpty());
  EXPECT_EQ(arrangement.place(grid.index({1, 2, 0})), (Place{2, 0, 1, 0}));
}

TEST(Arrangement, BesideRolesAxesWithoutOneAreBands) {
  const spec::Grid grid =
      a_plan().with_seeds(2, v1::AXIS_ROLE_Y).with_steps(3).with_clip_skips(2).grid();
  const Arrangement arrangement(grid);

  EXPECT_EQ(arrangement.columns(), 1u);
  EXPECT_EQ(arrangement.bands(), 6u);
  EXPECT_EQ(arrangement.band_labels()[4], "Steps: 2  ·  Clip skip: 2");
  EXPECT_EQ(arrangement.place(grid.index({1, 1, 1})), (Place{0, 1, 0, 4}));
}

TEST(Arrangement, OfTwoAxesWithOneRoleTheFirstHasIt) {
  const spec::Grid grid =
      a_plan().with_seeds(2, v1::AXIS_ROLE_X).with_steps(3, v1::AXIS_ROLE_X).grid();
  const Arrangement arrangement(grid);

  EXPECT_EQ(arrangement.columns(), 2u);
  EXPECT_EQ(arrangement.bands(), 3u);
}

TEST(Arrangement, EveryCellHasItsOwnPlace) {
  const spec::Grid grid = a_plan()
                              .with_seeds(2)
                              .with_steps(3)
                              .with_scales({5, 7})
                              .with_clip_skips(2)
                              .with_prompts({"a", "b", "c"})
                              .grid();
  const Arrangement arrangement(grid);
  std::vector<bool> is_taken(grid.cell_count());

  for (std::uint64_t index = 0; index < grid.cell_count(); ++index) {
    const Place place = arrangement.place(index);
    const std::uint64_t number =
        ((place.band * arrangement.subgrids() + place.subgrid) * arrangement.rows() + place.row) *
            arrangement.columns() +
        place.column;
    ASSERT_LT(number, grid.cell_count());
    ASSERT_FALSE(is_taken[number]) << index;
    is_taken[number] = true;
  }
}

}  // namespace
}  // namespace furrow::sheet
