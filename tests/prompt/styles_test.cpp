#include "common/prompt/styles.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/prompt/limits.h"

namespace furrow::prompt {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

std::string merged(const std::string& style, const std::string& prompt) {
  return merge_style(style, prompt).value();
}

TEST(Styles, StandBehindThePrompt) {
  EXPECT_EQ(merged("oil on canvas", "a cat"), "a cat, oil on canvas");
  EXPECT_EQ(merged(" oil ", " a cat, "), "a cat, oil");
  EXPECT_EQ(merged("oil", ""), "oil");
  EXPECT_EQ(merged("", "a cat"), "a cat");
}

TEST(Styles, PutThePromptInItsPlace) {
  EXPECT_EQ(merged("a painting of {prompt}, oil", "a cat"), "a painting of a cat, oil");
  EXPECT_EQ(merged("{prompt} and {prompt}", "a {prompt}"), "a {prompt} and a {prompt}");
}

TEST(Styles, AreRefusedWhenTheyMakeThePromptTooLong) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "{prompt} ";

  EXPECT_THAT(merge_style(many, std::string(1000, 'x')).error().message, HasSubstr("longer than"));
}

TEST(Styles, AreRefusedWhenTheyAreTooLongThemselves) {
  const std::string half(kMaxPromptBytes / 2, 'x');

  EXPECT_TRUE(merge_style(half, half.substr(2)).has_value());
  EXPECT_THAT(merge_style(half, half).error().message, HasSubstr("longer than 65536"));
  EXPECT_THAT(merge_style("{prompt}" + half, half + "x").error().message,
              HasSubstr("longer than 65536"));
}

TEST(Styles, PutOneWordInThePlaceOfAKey) {
  const std::vector<Style::Words> words = {{"{x}", {"a", "b"}}, {"{none}", {"c"}}};
  ChoiceGenerator generator(1);
  std::vector<Choice> made;

  const std::string text = take_words("{x} and {x}", words, generator, made).value();

  ASSERT_THAT(made, SizeIs(1));
  EXPECT_EQ(made.front().written, "{x}");
  EXPECT_EQ(text, made.front().taken + " and " + made.front().taken);
}

TEST(StylesFromJson, ReadsWhatSdnextWrites) {
  const auto styles = styles_from_json(R"({
    "name": "Oil", "description": "thick", "prompt": "{prompt}, oil # not acrylic",
    "negative": "photo", "extra": "Steps: 20, Sampler: Euler a, VAE: \"a, b\"",
    "wildcards": "{hair}=red, blue; {eyes}=green", "preview": null, "mtime": 1})")
                          .value();

  ASSERT_THAT(styles, SizeIs(1));
  const Style& style = styles.front();
  EXPECT_EQ(style.name, "Oil");
  EXPECT_EQ(style.description, "thick");
  EXPECT_EQ(style.prompt, "{prompt}, oil ");
  EXPECT_EQ(style.negative_prompt, "photo");
  EXPECT_THAT(style.settings,
              ElementsAre(Pair("Steps", "20"), Pair("Sampler", "Euler a"), Pair("VAE", "a, b")));
  EXPECT_THAT(style.words, ElementsAre(Style::Words{"{hair}", {"red", "blue"}},
                                       Style::Words{"{eyes}", {"green"}}));
}

TEST(StylesFromJson, ReadsSeveralOfOneFile) {
  const auto styles =
      styles_from_json(R"([{"name": "a", "prompt": "x"}, {"name": "b"}])", "art").value();

  ASSERT_THAT(styles, SizeIs(2));
  EXPECT_EQ(styles[0].name, "art/a");
  EXPECT_EQ(styles[1].name, "art/b");
  EXPECT_EQ(styles[1].prompt, "");
}

TEST(StylesFromJson, NamesWhatItCannotRead) {
  const auto fault = [](const char* json) { return styles_from_json(json).error().message; };

  EXPECT_THAT(fault("{"), HasSubstr("not JSON"));
  EXPECT_THAT(fault("[3]"), HasSubstr("\"name\""));
  EXPECT_THAT(fault(R"({"prompt": "a"})"), HasSubstr("\"name\""));
  EXPECT_THAT(fault(R"({"name": "a", "prompt": 3})"), HasSubstr("style \"a\": its \"prompt\""));
  EXPECT_THAT(fault(R"({"name": "a", "extra": "steps"})"), HasSubstr("its \"extra\""));
  EXPECT_THAT(fault(R"({"name": "a", "wildcards": "x"})"), HasSubstr("its \"wildcards\""));
  EXPECT_THAT(fault(R"({"name": "a", "prompt": "/*"})"), HasSubstr("never closed"));
}

TEST(StylesFromCsv, ReadsWhatA1111Writes) {
  const auto styles = styles_from_csv(
                          "\xEF\xBB\xBFname,prompt,negative_prompt\r\n"
                          "Oil,\"{prompt}, \"\"oil\"\"\",photo\r\n"
                          "# more,,\r\n"
                          "\r\n"
                          "Two lines,\"a\nb\", c\r\n"
                          "Short\r\n")
                          .value();

  ASSERT_THAT(styles, SizeIs(3));
  EXPECT_EQ(styles[0].name, "Oil");
  EXPECT_EQ(styles[0].prompt, "{prompt}, \"oil\"");
  EXPECT_EQ(styles[0].negative_prompt, "photo");
  EXPECT_EQ(styles[1].prompt, "a\nb");
  EXPECT_EQ(styles[1].negative_prompt, "c");
  EXPECT_EQ(styles[2].name, "Short");
  EXPECT_EQ(styles[2].prompt, "");
}

TEST(StylesFromCsv, TakesBytesThatAreNoTextForReplacementCharacters) {
  const auto styles = styles_from_csv("name,prompt\ncaf\xE9,a\xFF").value();

  ASSERT_THAT(styles, SizeIs(1));
  EXPECT_EQ(styles[0].name, "caf\uFFFD");
  EXPECT_EQ(styles[0].prompt, "a\uFFFD");
}

TEST(StylesFromCsv, ReadsOldColumns) {
  const auto styles = styles_from_csv("name,text\na,b").value();

  ASSERT_THAT(styles, SizeIs(1));
  EXPECT_EQ(styles[0].prompt, "b");
  EXPECT_THAT(styles_from_csv("").value(), IsEmpty());
}

TEST(StylesFromCsv, NamesTheLineThatItCannotRead) {
  EXPECT_THAT(styles_from_csv("title,text\na,b").error().message, HasSubstr("line 1"));
  EXPECT_THAT(styles_from_csv("name,prompt\na,b\n\nc,\"d\n").error().message, HasSubstr("line 4"));
}

TEST(FindStyle, RefusesANameThatIsNotThere) {
  const auto styles = styles_from_csv("name,prompt\na,b").value();

  EXPECT_EQ(find_style(styles, "a").value(), &styles.front());
  EXPECT_THAT(find_style(styles, "b").error().message, HasSubstr("\"b\""));
}

}  // namespace

}  // namespace furrow::prompt
