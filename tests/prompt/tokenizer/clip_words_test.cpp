#include "common/prompt/tokenizer/clip_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::prompt {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ClipWords, LettersDigitsAndTheRestStandApart) {
  EXPECT_THAT(clip_words("Cat, 4k!!"), ElementsAre("cat", ",", "4", "k", "!!"));
  EXPECT_THAT(clip_words("a1b2"), ElementsAre("a", "1", "b", "2"));
}

TEST(ClipWords, ContractionsAreWords) {
  EXPECT_THAT(clip_words("it's y'all'd've"), ElementsAre("it", "'s", "y", "'", "all", "'d", "'ve"));
  EXPECT_THAT(clip_words("!'s"), ElementsAre("!'", "s"));
}

TEST(ClipWords, WhiteSpaceOfEveryKindOnlySeparates) {
  EXPECT_THAT(clip_words(" a\xC2\xA0\xE3\x80\x80\tb\n"), ElementsAre("a", "b"));
  EXPECT_THAT(clip_words(" \r\n "), IsEmpty());
  EXPECT_THAT(clip_words(""), IsEmpty());
}

TEST(ClipWords, ComposedAndDecomposedAreTheSame) {
  EXPECT_EQ(clip_words("cafe\xCC\x81"), clip_words("caf\xC3\xA9"));
}

TEST(ClipWords, LowerCaseLooksAtNoNeighbour) {
  EXPECT_THAT(clip_words("\xCE\x9F\xCE\xA3"), ElementsAre("\xCE\xBF\xCF\x83"));  // ΟΣ, not ος
  EXPECT_THAT(clip_words("\xC4\xB0"), ElementsAre("i", "\xCC\x87"));             // İ
}

TEST(ClipWords, OfANormalTextAreThoseOfTheText) {
  // Composing again would put the comma below before the dot above that lower case has split off.
  const std::string text = "a\u0130\u0326 \u1E9B\u0323 b";

  EXPECT_EQ(split_clip_text(clip_text(text)), clip_words(text));
}

TEST(ClipWords, BytesThatAreNotTextBecomeTheReplacementCharacter) {
  EXPECT_THAT(clip_words("a\xFFz"), ElementsAre("a", "\xEF\xBF\xBD", "z"));
  EXPECT_THAT(clip_words(std::string_view("a\0b", 3)), ElementsAre("a", std::string(1, '\0'), "b"));
}

}  // namespace

}  // namespace furrow::prompt
