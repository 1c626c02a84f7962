#include "common/prompt/attention.h"

#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/prompt/limits.h"

namespace furrow::prompt {

void PrintTo(const Fragment& fragment, std::ostream* out) {
  *out << (fragment.is_break ? "BREAK" : '"' + fragment.text + '"') << " " << fragment.weight;
}

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Fragment kBreak = {"", 1, true};

std::vector<Fragment> parsed(const std::string& text) {
  return parse_attention(text).value();
}

std::string fault_of(const std::string& text) {
  return parse_attention(text).error().message;
}

/// The weight of a text that is one fragment.
double weight_of(const std::string& text) {
  const auto fragments = parsed(text);
  EXPECT_EQ(fragments.size(), 1U) << text;
  return fragments.front().weight;
}

// A1111's own examples, with its weights to the last bit.

TEST(Attention, LeavesPlainTextAlone) {
  EXPECT_THAT(parsed("normal text"), ElementsAre(Fragment{"normal text"}));
  EXPECT_THAT(parsed(""), ElementsAre(Fragment{""}));
}

TEST(Attention, WeighsWhatStandsInBrackets) {
  EXPECT_THAT(parsed("an (important) word"),
              ElementsAre(Fragment{"an "}, Fragment{"important", 1.1}, Fragment{" word"}));
  EXPECT_THAT(parsed("[x]"), ElementsAre(Fragment{"x", 1 / 1.1}));
}

TEST(Attention, CountsAnOpenBracketUpToTheEnd) {
  EXPECT_THAT(parsed("(unbalanced"), ElementsAre(Fragment{"unbalanced", 1.1}));
  EXPECT_THAT(parsed("[unbalanced"), ElementsAre(Fragment{"unbalanced", 1 / 1.1}));
}

TEST(Attention, TakesAClosingBracketWithoutPartnerAsText) {
  EXPECT_THAT(parsed("a) b]"), ElementsAre(Fragment{"a) b]"}));
}

TEST(Attention, KeepsEscapedCharactersAndDropsOtherBackslashes) {
  EXPECT_THAT(parsed(R"(\(literal\])"), ElementsAre(Fragment{"(literal]"}));
  EXPECT_THAT(parsed(R"(\[a\) \\ \b\)"), ElementsAre(Fragment{R"([a) \ b)"}));
  EXPECT_THAT(parsed(R"((a\:1.5))"), ElementsAre(Fragment{"a:1.5", 1.1}));
}

TEST(Attention, JoinsNeighboursOfEqualWeight) {
  EXPECT_THAT(parsed("(unnecessary)(parens)"), ElementsAre(Fragment{"unnecessaryparens", 1.1}));
}

TEST(Attention, MultipliesNestedWeightsFromTheInside) {
  EXPECT_THAT(parsed("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).)"),
              ElementsAre(Fragment{"a "}, Fragment{"house", 1.5730000000000004}, Fragment{" ", 1.1},
                          Fragment{"on", 1.0}, Fragment{" a ", 1.1}, Fragment{"hill", 0.55},
                          Fragment{", sun, ", 1.1}, Fragment{"sky", 1.4641000000000006},
                          Fragment{".", 1.1}));
  EXPECT_EQ(weight_of("((a))"), 1.2100000000000002);
}

TEST(Attention, TakesTheLastNumberOfABracketAsItsWeight) {
  EXPECT_THAT(parsed("(a:1.2:1.3)"), ElementsAre(Fragment{"a:1.2", 1.3}));
}

TEST(Attention, TakesAnyNumberAsAWeight) {
  EXPECT_EQ(weight_of("(a:-1)"), -1);
  EXPECT_EQ(weight_of("(a:+.5)"), 0.5);
  EXPECT_EQ(weight_of("(a:0)"), 0);
  EXPECT_EQ(weight_of("(a: 1.2 )"), 1.2);
}

TEST(Attention, TakesAColonAsTextWhereItWeighsNothing) {
  EXPECT_THAT(parsed("a:b"), ElementsAre(Fragment{"a:b"}));
  EXPECT_THAT(parsed("a:1.2) b"), ElementsAre(Fragment{"a:1.2) b"}));
  EXPECT_THAT(parsed("[x:1.2]"), ElementsAre(Fragment{"x:1.2", 1 / 1.1}));
  EXPECT_THAT(parsed("(a:1e2)"), ElementsAre(Fragment{"a:1e2", 1.1}));
}

TEST(Attention, EndsAChunkAtTheWordBreak) {
  EXPECT_THAT(parsed("foo BREAK bar"), ElementsAre(Fragment{"foo"}, kBreak, Fragment{"bar"}));
  EXPECT_THAT(parsed("(a)BREAK(b)"), ElementsAre(Fragment{"a", 1.1}, Fragment{""}, kBreak,
                                                 Fragment{""}, Fragment{"b", 1.1}));
  EXPECT_THAT(parsed("a BREAK BREAK b"),
              ElementsAre(Fragment{"a"}, kBreak, Fragment{""}, kBreak, Fragment{"b"}));
}

TEST(Attention, FindsTheWordBreakOnlyWhereItStandsAlone) {
  EXPECT_THAT(parsed("BREAKFAST, a_BREAK, break, éBREAK, BREAK猫"),
              ElementsAre(Fragment{"BREAKFAST, a_BREAK, break, éBREAK, BREAK猫"}));
  EXPECT_THAT(parsed("猫。BREAK。"), ElementsAre(Fragment{"猫。"}, kBreak, Fragment{"。"}));
}

TEST(Attention, TakesBreakInAWeightedBracketAsTextOfTheNegatedWeight) {
  EXPECT_THAT(parsed("foo, (bar BREAK baz:1.3)"),
              ElementsAre(Fragment{"foo, "}, Fragment{"bar", 1.3}, Fragment{"BREAK", -1.3},
                          Fragment{"baz", 1.3}));
  EXPECT_THAT(parsed("(a BREAK b:1)"), ElementsAre(Fragment{"a"}, kBreak, Fragment{"b"}));
}

TEST(Attention, LeavesLinesAndHashesAlone) {
  EXPECT_THAT(parsed("line1\nline2"), ElementsAre(Fragment{"line1\nline2"}));
  EXPECT_THAT(parsed("a ## b"), ElementsAre(Fragment{"a ## b"}));
}

TEST(Attention, RefusesAWeightThatIsNoNumber) {
  EXPECT_THAT(fault_of("x (y:1.5.2)"), HasSubstr("character 5 (\":1.5.2)\")"));
  EXPECT_THAT(fault_of("x (y:1.5.2)"), HasSubstr("\"1.5.2\" is not a weight"));
  EXPECT_THAT(fault_of("é(y:.)"), HasSubstr("character 4"));
  EXPECT_FALSE(parse_attention("(a:" + std::string(400, '9') + ")").has_value());
  const std::string large = ":1" + std::string(200, '0') + ")";
  EXPECT_THAT(fault_of("((a" + large + large), HasSubstr("around \"a\""));
}

TEST(Attention, RefusesMoreOpenBracketsThanCanBeMeant) {
  const std::string deep(kMaxNesting, '(');

  EXPECT_TRUE(parse_attention(deep + "a").has_value());
  EXPECT_THAT(fault_of(deep + "(a"), HasSubstr("character 101"));
}

}  // namespace

}  // namespace furrow::prompt
