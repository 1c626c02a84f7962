#include "worker/engine/weights/module_map.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::engine::weights {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const ModuleMap kMap({
    {"a", {"first"}, {}, Change::None},
    {"a.norm.scale", {"first.norm.weight"}, {}, Change::None},
    {"a.qkv", {"first.q", "first.k", "first.v"}, {}, Change::None},
    {"a.all", {"first.in", "first.mlp"}, {2, 0}, Change::None},
    {"a.last", {"last"}, {}, Change::SwapHalves},
    {"loss", {}, {}, Change::None},
});

TEST(ModuleMap, ANameCoversWhatIsBelowIt) {
  EXPECT_THAT(*kMap.pieces("a.proj.weight", {4, 4}),
              ElementsAre(Piece{"first.proj.weight", 0, 0, Change::None}));
}

TEST(ModuleMap, TheLongestNameThatCoversCounts) {
  EXPECT_THAT(*kMap.pieces("a.norm.scale", {4}),
              ElementsAre(Piece{"first.norm.weight", 0, 0, Change::None}));
  EXPECT_THAT(*kMap.pieces("a.last.weight", {4, 4}),
              ElementsAre(Piece{"last.weight", 0, 0, Change::SwapHalves}));
}

TEST(ModuleMap, ANameIsOnlyCoveredAtADot) {
  EXPECT_FALSE(kMap.pieces("ab.weight", {4, 4}));
  EXPECT_FALSE(kMap.pieces("losses", {4}));
}

TEST(ModuleMap, FusedRowsAreSplitEvenly) {
  EXPECT_THAT(*kMap.pieces("a.qkv.bias", {9}),
              ElementsAre(Piece{"first.q.bias", 0, 3, Change::None},
                          Piece{"first.k.bias", 3, 3, Change::None},
                          Piece{"first.v.bias", 6, 3, Change::None}));
}

TEST(ModuleMap, OrAsTheMapSaysWithTheRestForTheLast) {
  EXPECT_THAT(*kMap.pieces("a.all.weight", {9, 2}),
              ElementsAre(Piece{"first.in.weight", 0, 2, Change::None},
                          Piece{"first.mlp.weight", 2, 7, Change::None}));
}

TEST(ModuleMap, RowsThatCannotBeSplitAreUnknown) {
  EXPECT_FALSE(kMap.pieces("a.qkv.weight", {10, 4}));
  EXPECT_FALSE(kMap.pieces("a.all.weight", {2, 4}));
  EXPECT_FALSE(kMap.pieces("a.qkv.weight", {}));
}

TEST(ModuleMap, RowsBeyond64BitsCannotBeSplit) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const ModuleMap map({{"a", {"b", "c", "d"}, {kMost, kMost, 0}, Change::None}});

  EXPECT_FALSE(map.pieces("a.weight", {5, 4}));
}

TEST(ModuleMap, SomeTensorsBelongToNoNetwork) {
  EXPECT_THAT(*kMap.pieces("loss.logvar", {}), IsEmpty());
}

TEST(ModuleMap, FindsTheOriginalOfAMember) {
  const auto plain = kMap.origin("first.proj");
  const auto fused = kMap.origin("first.k.weight");

  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->original, "a.proj");
  ASSERT_TRUE(fused);
  EXPECT_EQ(fused->original, "a.qkv.weight");
  EXPECT_EQ(fused->index, 1u);
  EXPECT_FALSE(kMap.origin("second.k"));
}

}  // namespace

}  // namespace furrow::engine::weights
