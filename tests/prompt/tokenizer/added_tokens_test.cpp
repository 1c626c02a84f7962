#include "common/prompt/tokenizer/added_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/prompt/tokenizer/bpe_tokenizer.h"

namespace furrow::prompt {

namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

TEST(AddedTokens, EveryVectorHasAnIdBehindTheVocabulary) {
  AddedTokens added(100);

  EXPECT_EQ(added.add("<cat>", 1).value(), 100);
  EXPECT_EQ(added.add("style", 3).value(), 101);
  EXPECT_EQ(added.add("other", 1).value(), 104);
}

TEST(AddedTokens, ATokenOfSeveralVectorsIsWrittenOut) {
  AddedTokens added(100);
  ASSERT_TRUE(added.add("style", 3));
  ASSERT_TRUE(added.add("<cat>", 1));

  EXPECT_EQ(added.expand("a (style:1.2), <cat>"), "a (style style_1 style_2:1.2), <cat>");
  EXPECT_EQ(added.expand("a Style"), "a Style");
  EXPECT_EQ(added.expand("a style_2"), "a style_2");
}

TEST(AddedTokens, TheLongestOfSeveralThatBeginIsTaken) {
  AddedTokens added(100);
  ASSERT_TRUE(added.add("style", 2));
  ASSERT_TRUE(added.add("style-x", 1));

  EXPECT_EQ(added.find("a style-x").id, 102);
  EXPECT_EQ(added.find("a style_1").id, 101);
  EXPECT_EQ(added.find("a style").id, 100);
  EXPECT_EQ(added.find("a word").length, 0u);
  EXPECT_EQ(added.expand("style-x style"), "style-x style style_1");
}

TEST(AddedTokens, TwoOfOneNameAreRefused) {
  AddedTokens added(100);
  ASSERT_TRUE(added.add("style", 2));

  const auto same = added.add("Style", 1);
  const auto part = added.add("style_1", 1);

  ASSERT_FALSE(same);
  EXPECT_THAT(same.error().message, HasSubstr("\"Style\""));
  EXPECT_FALSE(part);
  EXPECT_FALSE(added.add(" ", 1));
}

TEST(AddedTokens, AreFoundWithinWordsAndWhateverTheirCapitals) {
  const auto tokenizer = BpeTokenizer::load(FURROW_MODELS "/emoji-diffusion/tokenizer");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  AddedTokens added(tokenizer->vocab_size());
  const auto id = added.add("<Cat>", 1).value();

  EXPECT_THAT(tokenizer->encode("x<cat>y", added), Contains(id));
  EXPECT_THAT(tokenizer->encode("A <CAT>", added), Contains(id));
  EXPECT_THAT(tokenizer->encode("a <dog>", added), Not(Contains(id)));
  EXPECT_EQ(tokenizer->encode("a <dog>", added), tokenizer->encode("a <dog>"));
}

}  // namespace

}  // namespace furrow::prompt
