#include "common/prompt/generator.h"

#include <array>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::prompt {

namespace {

using testing::ElementsAre;

std::vector<std::size_t> picks(std::uint64_t seed, std::size_t count, int draws) {
  ChoiceGenerator generator(seed);
  std::vector<std::size_t> indices;
  for (int i = 0; i < draws; ++i) indices.push_back(generator.pick(count));
  return indices;
}

// The first numbers of SplitMix64 from 1234567, as its authors' program gives them, are
// 6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431 and
// 16408922859458223821.
TEST(ChoiceGenerator, DrawsTheNumbersOfSplitMix64) {
  EXPECT_THAT(picks(1234567, 1000, 5), ElementsAre(350, 173, 532, 249, 889));
}

TEST(ChoiceGenerator, GivesTheSameForTheSameSeed) {
  EXPECT_EQ(picks(7, 10, 50), picks(7, 10, 50));
  EXPECT_NE(picks(7, 10, 50), picks(8, 10, 50));
}

TEST(ChoiceGenerator, TakesEqualWeightsAsNone) {
  ChoiceGenerator weighted(3);
  ChoiceGenerator plain(3);
  const std::array<double, 7> ones = {1, 1, 1, 1, 1, 1, 1};
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(weighted.pick(ones), plain.pick(ones.size()));
}

TEST(ChoiceGenerator, TakesEachChoiceAsOftenAsItWeighs) {
  ChoiceGenerator generator(1);
  const std::array<double, 4> weights = {2, 0, 1, 5};
  std::array<int, 4> counts = {};
  for (int i = 0; i < 80'000; ++i) ++counts[generator.pick(weights)];

  EXPECT_NEAR(counts[0], 20'000, 600);
  EXPECT_EQ(counts[1], 0);
  EXPECT_NEAR(counts[2], 10'000, 600);
  EXPECT_NEAR(counts[3], 50'000, 600);
}

}  // namespace

}  // namespace furrow::prompt
