#include "common/prompt/composition.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::prompt {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<WeightedText> split(const std::string& text) {
  return split_composition(text).value();
}

TEST(Composition, IsOneTextWithoutTheWord) {
  EXPECT_THAT(split("a cat and a dog"), ElementsAre(WeightedText{"a cat and a dog"}));
  EXPECT_THAT(split("BAND, AND_, ANDROID"), ElementsAre(WeightedText{"BAND, AND_, ANDROID"}));
  EXPECT_THAT(split(""), ElementsAre(WeightedText{""}));
}

TEST(Composition, LeavesTheColonOfALonePromptAlone) {
  EXPECT_THAT(split("a poster, 16:9"), ElementsAre(WeightedText{"a poster, 16:9"}));
}

TEST(Composition, SplitsAtTheWord) {
  EXPECT_THAT(split("a cat AND a dog"), ElementsAre(WeightedText{"a cat"}, WeightedText{" a dog"}));
  EXPECT_THAT(split("a AND b\nAND\nc"),
              ElementsAre(WeightedText{"a"}, WeightedText{" b"}, WeightedText{"\nc"}));
}

TEST(Composition, ReadsWeights) {
  EXPECT_THAT(split("a cat :1.2 AND a dog: -0.5 AND a bird:3. "),
              ElementsAre(WeightedText{"a cat", 1.2}, WeightedText{" a dog", -0.5},
                          WeightedText{" a bird", 3}));
}

TEST(Composition, TakesOtherColonsAsText) {
  EXPECT_THAT(split("(a:1.2) AND [b:c:3] AND d:e AND f\\:2"),
              ElementsAre(WeightedText{"(a:1.2)"}, WeightedText{" [b:c:3]"}, WeightedText{" d:e"},
                          WeightedText{" f\\:2"}));
}

TEST(Composition, TakesEmptyPrompts) {
  EXPECT_THAT(split("a AND "), ElementsAre(WeightedText{"a"}, WeightedText{""}));
  EXPECT_THAT(split("AND"), ElementsAre(WeightedText{""}, WeightedText{""}));
}

TEST(Composition, RefusesAWeightThatIsNoNumber) {
  EXPECT_THAT(split_composition("a cat :0,5 AND a dog").error().message,
              AllOf(HasSubstr("character 7"), HasSubstr("\"0,5\" is not a weight")));
}

TEST(Composition, RefusesMorePromptsThanAPassTakes) {
  std::string text = "a";
  for (std::size_t i = 1; i < kMaxComposed; ++i) text += " AND a";

  EXPECT_EQ(split(text).size(), kMaxComposed);
  EXPECT_THAT(split_composition(text + " AND a").error().message, HasSubstr("more than 16"));
}

}  // namespace

}  // namespace furrow::prompt
