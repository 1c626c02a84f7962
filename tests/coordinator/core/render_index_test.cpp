#include "coordinator/core/render_index.h"

#include <gtest/gtest.h>

namespace furrow::core {
namespace {

HashPrefix prefix(std::uint64_t i) {
  return HashPrefix::of(sha256(std::to_string(i)));
}

TEST(RenderIndex, FindsWhatWasAddedAndNothingElse) {
  RenderIndex index;
  EXPECT_EQ(index.find(prefix(0)), std::nullopt);
  for (std::uint64_t i = 0; i < 5000; ++i) index.add(prefix(i), {JobId{1 + i % 7}, CellIndex{i}});

  EXPECT_EQ(index.size(), 5000U);
  for (std::uint64_t i = 0; i < 5000; ++i) {
    EXPECT_EQ(index.find(prefix(i)), (CellKey{JobId{1 + i % 7}, CellIndex{i}}));
  }
  for (std::uint64_t i = 5000; i < 6000; ++i) EXPECT_EQ(index.find(prefix(i)), std::nullopt);
}

TEST(RenderIndex, KeepsTheFirstCellOfARecipe) {
  RenderIndex index;
  index.add(prefix(1), {JobId{1}, CellIndex{4}});
  index.add(prefix(1), {JobId{2}, CellIndex{0}});

  EXPECT_EQ(index.size(), 1U);
  EXPECT_EQ(index.find(prefix(1)), (CellKey{JobId{1}, CellIndex{4}}));
}

}  // namespace
}  // namespace furrow::core
