#include "common/prompt/schedule.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/prompt/limits.h"

namespace furrow::prompt {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;

/// As A1111 lists a schedule: each text with its last step.
using Listed = std::vector<std::pair<int, std::string>>;

Listed listed(const Schedule& schedule) {
  Listed list;
  for (const Schedule::Span& span : schedule.spans)
    list.emplace_back(span.until, schedule.texts.at(span.text));
  return list;
}

Listed parsed(const std::string& text, Pass pass = {.steps = 10}) {
  return listed(parse_schedule(text, pass).value());
}

std::string fault_of(const std::string& text) {
  const auto schedule = parse_schedule(text, {.steps = 10});
  return schedule ? "no fault" : schedule.error().message;
}

TEST(Schedule, IsOneTextWithoutBrackets) {
  EXPECT_THAT(parsed("test"), ElementsAre(Pair(10, "test")));
  EXPECT_THAT(parsed(""), ElementsAre(Pair(10, "")));
}

TEST(Schedule, AddsATextAfterAStep) {
  EXPECT_THAT(parsed("a [b:3]"), ElementsAre(Pair(3, "a "), Pair(10, "a b")));
  EXPECT_THAT(parsed("a [b: 3]"), ElementsAre(Pair(3, "a "), Pair(10, "a b")));
  EXPECT_THAT(parsed("a [:b:3 ]"), ElementsAre(Pair(3, "a "), Pair(10, "a b")));
}

TEST(Schedule, TakesATextAwayAfterAStep) {
  EXPECT_THAT(parsed("a[b::3]"), ElementsAre(Pair(3, "ab"), Pair(10, "a")));
}

TEST(Schedule, SwitchesFromOneTextToAnother) {
  EXPECT_THAT(parsed("a [b : c : 1] d"), ElementsAre(Pair(1, "a b  d"), Pair(10, "a  c  d")));
}

TEST(Schedule, NestsSchedules) {
  EXPECT_THAT(parsed("a[b:[c:d:2]:1]e"),
              ElementsAre(Pair(1, "abe"), Pair(2, "ace"), Pair(10, "ade")));
  EXPECT_THAT(parsed("[[a:b:2]:[c:d:8]:5]"),
              ElementsAre(Pair(2, "a"), Pair(5, "b"), Pair(8, "c"), Pair(10, "d")));
}

TEST(Schedule, LeavesEmphasisAndItsBracketsInTheText) {
  EXPECT_THAT(parsed("a [[[b]]:2]"), ElementsAre(Pair(2, "a "), Pair(10, "a [[b]]")));
  EXPECT_THAT(parsed("[(a:2):3]"), ElementsAre(Pair(3, ""), Pair(10, "(a:2)")));
  EXPECT_THAT(parsed("[b] (c:1.2)"), ElementsAre(Pair(10, "[b] (c:1.2)")));
  EXPECT_THAT(parsed("[the [b:3]]"), ElementsAre(Pair(3, "[the ]"), Pair(10, "[the b]")));
  EXPECT_THAT(parsed("([b:3]:1.2)"), ElementsAre(Pair(3, "(:1.2)"), Pair(10, "(b:1.2)")));
}

TEST(Schedule, TakesBracketsWithoutPartnerAsText) {
  EXPECT_THAT(parsed("a [unbalanced"), ElementsAre(Pair(10, "a [unbalanced")));
  EXPECT_THAT(parsed("((a][:b:c [d:3]"),
              ElementsAre(Pair(3, "((a][:b:c "), Pair(10, "((a][:b:c d")));
  EXPECT_THAT(parsed(":) [a:3]"), ElementsAre(Pair(3, ":) "), Pair(10, ":) a")));
}

TEST(Schedule, TakesANumberWithAPointForAFraction) {
  EXPECT_THAT(parsed("a [b:.5] c"), ElementsAre(Pair(5, "a  c"), Pair(10, "a b c")));
  EXPECT_THAT(parsed("[a:b:0.25]"), ElementsAre(Pair(2, "a"), Pair(10, "b")));
  EXPECT_THAT(parsed("[a:b:1.0]"), ElementsAre(Pair(10, "a")));
  EXPECT_THAT(parsed("[a:b:5.]"), ElementsAre(Pair(10, "a")));
  EXPECT_THAT(parsed("[a:b:1]"), ElementsAre(Pair(1, "a"), Pair(10, "b")));
  EXPECT_THAT(parsed("[a:b:2e0]"), ElementsAre(Pair(2, "a"), Pair(10, "b")));
}

TEST(Schedule, CutsStepsToThePass) {
  EXPECT_THAT(parsed("[a:b:30]"), ElementsAre(Pair(10, "a")));
  EXPECT_THAT(parsed("[a:b:10]"), ElementsAre(Pair(10, "a")));
  EXPECT_THAT(parsed("[a:b:0]"), ElementsAre(Pair(10, "b")));
  EXPECT_THAT(parsed("[a:b:0.05]"), ElementsAre(Pair(10, "b")));
  EXPECT_THAT(parsed("[a:b:-3]"), ElementsAre(Pair(10, "b")));
  EXPECT_THAT(parsed("[a:b:1e300]"), ElementsAre(Pair(10, "a")));
}

TEST(Schedule, GoesOnCountingInASecondPass) {
  const Pass second = {.steps = 10, .steps_before = 10};

  EXPECT_THAT(parsed("a [b:.5] c", second), ElementsAre(Pair(10, "a b c")));
  EXPECT_THAT(parsed("a [b:1.5] c", second), ElementsAre(Pair(5, "a  c"), Pair(10, "a b c")));
  EXPECT_THAT(parsed("a [b:13] c", second), ElementsAre(Pair(3, "a  c"), Pair(10, "a b c")));
}

TEST(Schedule, AlternatesEveryStep) {
  EXPECT_THAT(parsed("[a|(b:1.1)]"),
              ElementsAre(Pair(1, "a"), Pair(2, "(b:1.1)"), Pair(3, "a"), Pair(4, "(b:1.1)"),
                          Pair(5, "a"), Pair(6, "(b:1.1)"), Pair(7, "a"), Pair(8, "(b:1.1)"),
                          Pair(9, "a"), Pair(10, "(b:1.1)")));
  EXPECT_THAT(parse_schedule("[a|b|c]", {.steps = 10}).value().texts, ElementsAre("a", "b", "c"));
}

TEST(Schedule, AlternatesWithNothing) {
  EXPECT_THAT(parsed("[fe|]male", {.steps = 3}),
              ElementsAre(Pair(1, "female"), Pair(2, "male"), Pair(3, "female")));
  EXPECT_THAT(parsed("[fe|||]male", {.steps = 6}),
              ElementsAre(Pair(1, "female"), Pair(4, "male"), Pair(5, "female"), Pair(6, "male")));
}

TEST(Schedule, NestsAlternationAndSwitches) {
  EXPECT_THAT(parsed("[[a|b]:c:2]", {.steps = 4}),
              ElementsAre(Pair(1, "a"), Pair(2, "b"), Pair(4, "c")));
  EXPECT_THAT(parsed("[[a:b:2]|c]", {.steps = 4}),
              ElementsAre(Pair(1, "a"), Pair(2, "c"), Pair(3, "b"), Pair(4, "c")));
}

TEST(Schedule, KeepsEscapesForTheNextReader) {
  EXPECT_THAT(parsed(R"(\[a:b:3\])"), ElementsAre(Pair(10, R"(\[a:b:3\])")));
  EXPECT_THAT(parsed(R"([a\:b:c:3])"), ElementsAre(Pair(3, R"(a\:b)"), Pair(10, "c")));
  EXPECT_THAT(parsed(R"([a\|b\]|c])", {.steps = 2}),
              ElementsAre(Pair(1, R"(a\|b\])"), Pair(2, "c")));
  EXPECT_THAT(parsed("a\\"), ElementsAre(Pair(10, "a\\")));
}

TEST(Schedule, TakesBarsAndColonsElsewhereAsText) {
  EXPECT_THAT(parsed("a | b [c:3]"), ElementsAre(Pair(3, "a | b "), Pair(10, "a | b c")));
  EXPECT_THAT(parsed("[(a|b):c:3]"), ElementsAre(Pair(3, "(a|b)"), Pair(10, "c")));
  EXPECT_THAT(parsed("[foo:bar]"), ElementsAre(Pair(10, "[foo:bar]")));
}

TEST(Schedule, RefusesAScheduleWithoutANumber) {
  EXPECT_THAT(fault_of("a [b:c:x] d"),
              AllOf(HasSubstr("character 3 (\"[b:c:x] d\")"), HasSubstr("\"x\" is neither")));
  EXPECT_THAT(fault_of("[b:c:]"), HasSubstr("\"\" is neither"));
  EXPECT_THAT(fault_of("[b:50%]"), HasSubstr("\"50%\" is neither"));
  EXPECT_THAT(fault_of("[b:0,5]"), HasSubstr("\"0,5\" is neither"));
  EXPECT_THAT(fault_of("[b:c:1.2.3]"), HasSubstr("\"1.2.3\" is neither"));
  EXPECT_THAT(fault_of("[a:b:[1|2]]"), HasSubstr("is neither"));
}

TEST(Schedule, RefusesThreeTexts) {
  EXPECT_THAT(fault_of("[a:b:c:3]"), HasSubstr("two texts before its number"));
}

TEST(Schedule, RefusesBarsAndColonsInTheSameBrackets) {
  EXPECT_THAT(fault_of("é [a|b:3]"), AllOf(HasSubstr("character 3"), HasSubstr("both | and :")));
}

TEST(Schedule, RefusesAScheduleThatIsNeverClosed) {
  EXPECT_THAT(fault_of("a [b:c:3"), AllOf(HasSubstr("character 3"), HasSubstr("never closed")));
  EXPECT_THAT(fault_of("a [b|c"), HasSubstr("never closed"));
}

TEST(Schedule, RefusesRoundBracketsWithoutPartnerInASchedule) {
  EXPECT_THAT(fault_of("[(a:b:3]"), AllOf(HasSubstr("character 2"), HasSubstr("no partner")));
  EXPECT_THAT(fault_of("[a):b:3]"), HasSubstr("character 3"));
  EXPECT_THAT(fault_of("[a|(b]"), HasSubstr("character 4"));
  EXPECT_THAT(fault_of("[(a]"), "no fault");
}

TEST(Schedule, RefusesMoreThanCanBeMeant) {
  EXPECT_THAT(fault_of(std::string(kMaxNesting + 1, '[')), HasSubstr("character 101"));
  EXPECT_THAT(parse_schedule("[a|b]", {.steps = kMaxAlternatingSteps + 1}).error().message,
              HasSubstr("goes up to 10000 steps"));
  std::string many;
  for (const char* text :
       {"[a|b]", "[a|b|c]", "[a|b|c|d|e]", "[a|b|c|d|e|f|g]", "[a|b|c|d|e|f|g|h|i|j|k]"})
    many += text;
  EXPECT_THAT(parse_schedule(many, {.steps = 2000}).error().message,
              HasSubstr("more than 1000 different texts"));
  EXPECT_THAT(parse_schedule(many, {.steps = 900}).value().texts, SizeIs(900));
}

}  // namespace

}  // namespace furrow::prompt
