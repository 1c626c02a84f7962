#include "common/prompt/wildcards.h"

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
using testing::UnorderedElementsAre;

WildcardBook a_book() {
  WildcardBook book;
  book.add("animal", "cat  # the best\n\n# none\ndog\r\n");
  book.add("Colors/Warm", "red");
  book.add("colors/cold", "blue");
  book.add("nested", "a __animal__");
  book.add("loop", "x __loop__");
  book.add("empty", "# nothing\n");
  book.add("parts", "{pea|bean}");
  book.add("pairs", "{a|b} and {c|d}");
  book.add("alternating", "tall [oak|fir]");
  return book;
}

std::string taken(const std::string& text, std::uint64_t seed = 1) {
  ChoiceGenerator generator(seed);
  std::vector<Choice> made;
  return take_wildcards(text, a_book(), generator, made).value();
}

std::string fault_of(const std::string& text, const WildcardBook& book = a_book()) {
  ChoiceGenerator generator(1);
  std::vector<Choice> made;
  return take_wildcards(text, book, generator, made).error().message;
}

std::set<std::string> possible(const std::string& text) {
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 100; ++seed) texts.insert(taken(text, seed));
  return texts;
}

TEST(Wildcards, TakeALineOfTheList) {
  EXPECT_THAT(possible("my __animal__!"), UnorderedElementsAre("my cat!", "my dog!"));
}

TEST(Wildcards, AreDrawnAnewInEachPlace) {
  EXPECT_THAT(possible("__animal__ __animal__"),
              UnorderedElementsAre("cat cat", "cat dog", "dog cat", "dog dog"));
}

TEST(Wildcards, FindListsByTheirWholeNameAnEndOrAFolder) {
  EXPECT_EQ(taken("__colors/warm__"), "red");
  EXPECT_EQ(taken("__WARM__"), "red");
  EXPECT_EQ(taken("__colors\\cold__"), "blue");
  EXPECT_THAT(possible("__colors__"), UnorderedElementsAre("red", "blue"));
}

TEST(Wildcards, NameFurtherOnes) {
  EXPECT_THAT(possible("__nested__"), UnorderedElementsAre("a cat", "a dog"));
}

TEST(Wildcards, TakeOnePartOfALineWithBars) {
  EXPECT_THAT(possible("__parts__"), UnorderedElementsAre("pea", "bean"));
  EXPECT_EQ(taken("__alternating__"), "tall [oak|fir]");
  EXPECT_EQ(taken("__pairs__"), "{a|b} and {c|d}");
}

TEST(Wildcards, LeaveOtherUnderscoresAlone) {
  for (const char* text : {"a_b", "a__b", "____", "______", "__ __", "__a,b__", "a __"})
    EXPECT_EQ(taken(text), text);
  EXPECT_EQ(taken("___warm___"), "_red_");
}

TEST(Wildcards, AreRecorded) {
  ChoiceGenerator generator(1);
  std::vector<Choice> made;

  const auto text = take_wildcards("__nested__ __warm__", a_book(), generator, made).value();

  const std::string animal = made.at(1).taken;
  EXPECT_EQ(text, "a " + animal + " red");
  EXPECT_THAT(made, ElementsAre(Choice{"__nested__", "a " + animal}, Choice{"__animal__", animal},
                                Choice{"__warm__", "red"}));
}

TEST(Wildcards, TakeBytesThatAreNoTextForReplacementCharacters) {
  WildcardBook book;
  book.add("caf\xE9", "a\xFF");
  ChoiceGenerator generator(1);
  std::vector<Choice> made;

  EXPECT_EQ(take_wildcards("__caf\uFFFD__", book, generator, made).value(), "a\uFFFD");
}

TEST(Wildcards, AreRefusedWithoutAList) {
  EXPECT_THAT(fault_of("é __bird__"),
              AllOf(HasSubstr("character 3"), HasSubstr("\"bird\""), HasSubstr("animal")));
  EXPECT_THAT(fault_of("__animal__", WildcardBook()), HasSubstr("no lists of wildcards"));
  EXPECT_THAT(fault_of("__empty__"), HasSubstr("has no line"));
}

TEST(Wildcards, AreRefusedWhenTheyDoNotEnd) {
  EXPECT_THAT(fault_of("__loop__"), HasSubstr("more than 9 deep"));
  WildcardBook wide;
  wide.add("wide", "__wide__ __wide__ __wide__ __wide__ __wide__ __wide__ __wide__");
  EXPECT_FALSE(fault_of("__wide__", wide).empty());
  WildcardBook flat;
  flat.add("a", "b");
  std::string many;
  for (std::size_t i = 0; i <= kMaxWildcards; ++i) many += "__a__ ";
  EXPECT_THAT(fault_of(many, flat), HasSubstr("more than 1000 wildcards"));
  WildcardBook large;
  large.add("large", std::string(kMaxPromptBytes, 'x'));
  EXPECT_THAT(fault_of("__large__ __large__", large), HasSubstr("longer than"));
}

}  // namespace

}  // namespace furrow::prompt
