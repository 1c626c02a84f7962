#include "common/spec/nearest.h"

#include <gtest/gtest.h>

namespace furrow::spec {
namespace {

const std::vector<std::string> kNames = {"Steps", "Seed", "Sampler", "CFG scale", "Clip skip"};

TEST(Nearest, FindsTyposWhateverTheCase) {
  EXPECT_EQ(nearest("stpes", kNames), "Steps");
  EXPECT_EQ(nearest("SAMPELR", kNames), "Sampler");
  EXPECT_EQ(nearest("cfg sclae", kNames), "CFG scale");
}

TEST(Nearest, FindsWhatBeginsWithTheText) {
  EXPECT_EQ(nearest("clip", kNames), "Clip skip");
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest("orientation", kNames), std::nullopt);
  EXPECT_EQ(nearest("", kNames), std::nullopt);
  EXPECT_EQ(nearest(std::string(10'000, 'a'), kNames), std::nullopt);
}

}  // namespace
}  // namespace furrow::spec
