#include "common/prompt/prompt.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/utf8.h"
#include "common/prompt/limits.h"

namespace furrow::prompt {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr Pass kTenSteps = {.steps = 10};

Prompt read(const std::string& text, Side side = Side::Positive) {
  return read_prompt({.text = text, .side = side, .pass = kTenSteps}).value();
}

std::string fault_of(const std::string& text, Side side = Side::Positive) {
  return read_prompt({.text = text, .side = side, .pass = kTenSteps}).error().message;
}

TEST(Prompt, IsOnePartOfOneTextWhenPlain) {
  const Prompt prompt = read("a cat");

  ASSERT_THAT(prompt.parts, SizeIs(1));
  EXPECT_EQ(prompt.parts[0].weight, 1);
  EXPECT_THAT(prompt.parts[0].schedule.texts, ElementsAre("a cat"));
  EXPECT_THAT(prompt.parts[0].schedule.spans, ElementsAre(Schedule::Span{10, 0}));
}

TEST(Prompt, IsReadInOrder) {
  Style style;
  style.prompt = "{prompt}, {paint} AND {b|b} [c:d:5] :0.5";
  style.words = {{"{paint}", {"oil"}}};
  const std::vector<const Style*> styles = {&style};
  WildcardBook book;
  book.add("animal", "{tom|tom}cat");

  const Prompt prompt = read_prompt({.text = "my __animal__ <lora:x:0.7>/* note */",
                                     .pass = kTenSteps,
                                     .styles = styles,
                                     .wildcards = &book})
                            .value();

  EXPECT_EQ(prompt.text, "my tomcat , oil AND b [c:d:5] :0.5");
  EXPECT_THAT(prompt.comments, ElementsAre("note"));
  EXPECT_THAT(prompt.choices,
              ElementsAre(Choice{"{paint}", "oil"}, Choice{"__animal__", "{tom|tom}cat"},
                          Choice{"{tom|tom}", "tom"}, Choice{"{b|b}", "b"}));
  ASSERT_THAT(prompt.loras, SizeIs(1));
  EXPECT_EQ(prompt.loras[0].name, "x");
  ASSERT_THAT(prompt.parts, SizeIs(2));
  EXPECT_THAT(prompt.parts[0].schedule.texts, ElementsAre("my tomcat , oil"));
  EXPECT_EQ(prompt.parts[1].weight, 0.5);
  EXPECT_THAT(prompt.parts[1].schedule.texts, ElementsAre(" b c", " b d"));
}

TEST(Prompt, DrawsByTheSeed) {
  const auto text_of = [](std::uint64_t seed) {
    return read_prompt({.text = "{a|b|c|d|e|f|g|h}", .seed = seed}).value().text;
  };

  EXPECT_EQ(text_of(3), text_of(3));
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 100; ++seed) texts.insert(text_of(seed));
  EXPECT_THAT(texts, SizeIs(8));
}

TEST(Prompt, DrawsApartFromTheNegativePrompt) {
  const std::string choices = "{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}{a|b}";

  EXPECT_NE(read(choices).text, read(choices, Side::Negative).text);
}

TEST(NegativePrompt, TakesItsPartOfAStyle) {
  Style style;
  style.prompt = "oil";
  style.negative_prompt = "photo";
  const std::vector<const Style*> styles = {&style};

  const Prompt prompt =
      read_prompt({.text = "dog", .side = Side::Negative, .styles = styles}).value();

  EXPECT_EQ(prompt.text, "dog, photo");
}

TEST(NegativePrompt, HasSchedulesButTakesAndAsAWord) {
  const Prompt prompt = read("a AND [b:c:5]", Side::Negative);

  ASSERT_THAT(prompt.parts, SizeIs(1));
  EXPECT_THAT(prompt.parts[0].schedule.texts, ElementsAre("a AND b", "a AND c"));
}

TEST(Prompt, SaysWhichOfTheTwoIsAtFault) {
  EXPECT_THAT(fault_of("[a:b:x]"), StartsWith("prompt: character 1"));
  EXPECT_THAT(fault_of("[a:b:x]", Side::Negative), StartsWith("negative prompt: character 1"));
}

TEST(Prompt, RefusesWhatAnyReaderRefuses) {
  EXPECT_THAT(fault_of("/* a"), HasSubstr("comment"));
  EXPECT_THAT(fault_of("__a__"), HasSubstr("wildcard"));
  EXPECT_THAT(fault_of("{a:0|b:0}"), HasSubstr("weight 0"));
  EXPECT_THAT(fault_of("<lora:x:y>"), HasSubstr("not a strength"));
  EXPECT_THAT(fault_of("a :1,5 AND b"), HasSubstr("not a weight"));
  EXPECT_THAT(fault_of("[a|b:3]"), HasSubstr("both"));
  EXPECT_THAT(fault_of("[a:(b:1.1.1):3]"), HasSubstr("not a weight"));
  EXPECT_THAT(fault_of("a <lora:x>", Side::Negative), HasSubstr("named in the prompt"));
}

TEST(Prompt, TakesStrayBytesForReplacementCharacters) {
  const Prompt prompt = read("a \xFF cat \xC3");

  EXPECT_EQ(prompt.text, "a \uFFFD cat \uFFFD");
}

TEST(Prompt, RefusesATextOfMoreThanItsBound) {
  EXPECT_TRUE(read_prompt({.text = std::string(kMaxPromptBytes, 'a')}).has_value());
  EXPECT_THAT(fault_of(std::string(kMaxPromptBytes + 1, 'a')), HasSubstr("longer than 65536"));
}

}  // namespace

}  // namespace furrow::prompt
