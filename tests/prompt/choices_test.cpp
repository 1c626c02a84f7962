#include "common/prompt/choices.h"

#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/prompt/limits.h"

namespace furrow::prompt {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr int kSeeds = 2000;

std::string taken(const std::string& text, std::uint64_t seed = 1) {
  ChoiceGenerator generator(seed);
  std::vector<Choice> made;
  return take_choices(text, generator, made).value();
}

std::string fault_of(const std::string& text) {
  ChoiceGenerator generator(1);
  std::vector<Choice> made;
  return take_choices(text, generator, made).error().message;
}

/// How often each text comes out over many seeds.
std::map<std::string, int> outcomes(const std::string& text) {
  std::map<std::string, int> counts;
  for (int seed = 0; seed < kSeeds; ++seed) ++counts[taken(text, static_cast<unsigned>(seed))];
  return counts;
}

std::set<std::string> possible(const std::string& text) {
  std::set<std::string> texts;
  for (const auto& [outcome, count] : outcomes(text)) texts.insert(outcome);
  return texts;
}

TEST(Choices, TakeOneOfTheTexts) {
  EXPECT_THAT(possible("a {red|blue| big green } cat"),
              UnorderedElementsAre("a red cat", "a blue cat", "a big green cat"));
  EXPECT_THAT(possible("{a|}"), UnorderedElementsAre("a", ""));
}

TEST(Choices, AreTheSameForTheSameSeed) {
  EXPECT_EQ(taken("{a|b|c|d} {e|f|g|h}", 5), taken("{a|b|c|d} {e|f|g|h}", 5));
}

TEST(Choices, Nest) {
  EXPECT_THAT(possible("{a|b{c|d}}"), UnorderedElementsAre("a", "bc", "bd"));
}

TEST(Choices, TakeWeights) {
  const auto in_front = outcomes("{2::a|b}");
  EXPECT_NEAR(in_front.at("a"), kSeeds * 2 / 3, 100);
  const auto behind = outcomes("{a:0.6|b: 0.2 |c:-1}");
  EXPECT_NEAR(behind.at("a"), kSeeds * 3 / 4, 100);
  EXPECT_THAT(behind, SizeIs(2));
}

TEST(Choices, AddUpWhatIsThereTwice) {
  EXPECT_NEAR(outcomes("{a:0.25|b:0.5|a:0.25}").at("a"), kSeeds / 2, 100);
}

TEST(Choices, TakeOtherColonsAsText) {
  EXPECT_THAT(possible("{(a:1.2)|b:c}"), UnorderedElementsAre("(a:1.2)", "b:c"));
  EXPECT_THAT(possible("{a\\:2|b}"), UnorderedElementsAre("a\\:2", "b"));
}

TEST(Choices, LeaveTheBarsOfOtherBracketsAlone) {
  EXPECT_THAT(possible("{[a|b]|c}"), UnorderedElementsAre("[a|b]", "c"));
  EXPECT_THAT(possible("{(a|b)}"), UnorderedElementsAre("{(a|b)}"));
  EXPECT_THAT(possible("{[a|b}"), UnorderedElementsAre("[a", "b"));
}

TEST(Choices, LeaveOtherTextAlone) {
  for (const char* text : {"", "a | b", "{a}", "{}", "{a} {", "a } b", "\\{a|b\\}", "{prompt}"})
    EXPECT_EQ(taken(text), text);
  EXPECT_THAT(possible("{a\\|b|c}"), UnorderedElementsAre("a\\|b", "c"));
}

TEST(Choices, LeaveJsonAlone) {
  const std::string json = R"({"prompt": "a|b", "list": ["c|d", {"e": "f|g"}]})";

  EXPECT_EQ(taken(json), json);
}

TEST(Choices, AreRecordedInTheOrderOfTheirDraws) {
  ChoiceGenerator generator(1);
  std::vector<Choice> made;

  const auto text = take_choices("{a|a} {{b|b}c|bc}", generator, made).value();

  EXPECT_EQ(text, "a bc");
  EXPECT_THAT(made,
              ElementsAre(Choice{"{a|a}", "a"}, Choice{"{b|b}", "b"}, Choice{"{{b|b}c|bc}", "bc"}));
}

TEST(Choices, DrawNothingWithoutChoices) {
  ChoiceGenerator generator(1);
  std::vector<Choice> made;

  EXPECT_TRUE(take_choices("a {b} c", generator, made).has_value());

  EXPECT_THAT(made, IsEmpty());
  EXPECT_EQ(generator.pick(1000), ChoiceGenerator(1).pick(1000));
}

TEST(Choices, AreRefusedWithoutAPossibleOne) {
  EXPECT_THAT(fault_of("é {a:0|b:-2}"), AllOf(HasSubstr("character 3"), HasSubstr("weight 0")));
  EXPECT_THAT(fault_of("{1e308::a|1e308::b}"), HasSubstr("too large"));
  EXPECT_THAT(fault_of("{a:0,5|b}"), HasSubstr("\"0,5\" is not the weight"));
}

TEST(Choices, AreRefusedWhenTheyNeverEnd) {
  EXPECT_THAT(fault_of("a {b|c"), AllOf(HasSubstr("character 3"), HasSubstr("never closed")));
  EXPECT_THAT(fault_of(std::string(kMaxNesting + 1, '{')), HasSubstr("character 101"));
}

}  // namespace

}  // namespace furrow::prompt
