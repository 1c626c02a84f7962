#include "common/prompt/chunks.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::prompt {

namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::SizeIs;

/// The full vocabulary, in which every word below is one token.
const BpeTokenizer& clip() {
  static const auto tokenizer =
      BpeTokenizer::load(FURROW_TEST_DATA "/golden/clip_tokenizer").value();
  return tokenizer;
}

std::string repeated(const std::string& words, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += words;
  return text;
}

std::vector<Chunk> chunks_of(const std::string& text) {
  return chunk_fragments(clip(), parse_attention(text).value());
}

std::vector<std::size_t> token_counts(const std::string& text) {
  std::vector<std::size_t> counts;
  for (const Chunk& chunk : chunks_of(text)) counts.push_back(chunk.tokens);
  return counts;
}

TEST(Chunks, AreOneForAShortPromptAndForNone) {
  for (const char* text : {"a cat face", ""}) {
    const auto chunks = chunks_of(text);
    ASSERT_THAT(chunks, SizeIs(1));
    EXPECT_THAT(chunks[0].ids, ElementsAreArray(clip().encode_padded(text)));
    EXPECT_THAT(chunks[0].weights, ElementsAreArray(std::vector<double>(77, 1)));
  }
}

TEST(Chunks, LoseAndReorderNoToken) {
  const std::string text = repeated("red cat face on a blue background, ", 30);

  std::vector<std::int64_t> ids = {clip().bos_id()};
  for (const Chunk& chunk : chunks_of(text)) {
    EXPECT_THAT(chunk.ids, SizeIs(77));
    EXPECT_THAT(chunk.weights, SizeIs(77));
    EXPECT_EQ(chunk.ids.front(), clip().bos_id());
    EXPECT_EQ(chunk.ids.at(chunk.tokens + 1), clip().eos_id());
    ids.insert(ids.end(), chunk.ids.begin() + 1,
               chunk.ids.begin() + 1 + static_cast<std::ptrdiff_t>(chunk.tokens));
  }
  ids.push_back(clip().eos_id());

  EXPECT_EQ(ids, clip().encode(text));
}

TEST(Chunks, HoldSeventyFiveTokens) {
  EXPECT_THAT(token_counts(repeated("cat ", 75)), ElementsAre(75));
  EXPECT_THAT(token_counts(repeated("cat ", 76)), ElementsAre(75, 1));
  EXPECT_THAT(token_counts(repeated("cat ", 150)), ElementsAre(75, 75));
}

TEST(Chunks, EndBehindACommaOfTheLastTwenty) {
  const auto with_comma_at = [](int token) {  // from 1
    return repeated("cat ", token - 1) + ", " + repeated("cat ", 80 - token);
  };

  EXPECT_THAT(token_counts(with_comma_at(56)), ElementsAre(56, 24));
  EXPECT_THAT(token_counts(with_comma_at(75)), ElementsAre(75, 5));
  EXPECT_THAT(token_counts(with_comma_at(55)), ElementsAre(75, 5));
}

TEST(Chunks, StayFullWhenTheNextTokenIsAComma) {
  const std::string text = repeated("cat ", 69) + ", " + repeated("cat ", 5) + ", dog";

  EXPECT_THAT(token_counts(text), ElementsAre(75, 2));
}

TEST(Chunks, EndAtABreak) {
  EXPECT_THAT(token_counts("cat BREAK dog dog"), ElementsAre(1, 2));
  EXPECT_THAT(token_counts("BREAK cat"), ElementsAre(0, 1));
  EXPECT_THAT(token_counts("cat BREAK BREAK dog"), ElementsAre(1, 0, 1));
  EXPECT_THAT(token_counts("cat BREAK"), ElementsAre(1));
  EXPECT_THAT(token_counts(repeated("cat ", 75) + "BREAK dog"), ElementsAre(75, 1));
}

TEST(Chunks, ForgetACommaBeforeABreak) {
  EXPECT_THAT(token_counts("a, BREAK " + repeated("cat ", 80)), ElementsAre(2, 75, 5));
}

TEST(Chunks, WeighTokensButNotTheirFrame) {
  const auto chunks = chunks_of("a (cat:1.5) [face]");

  std::vector<double> expected(77, 1);
  expected[2] = 1.5;
  expected[3] = 1 / 1.1;
  EXPECT_THAT(chunks[0].weights, ElementsAreArray(expected));
}

TEST(Chunks, KeepWeightsWhenTokensMoveToTheNext) {
  const auto chunks = chunks_of(repeated("cat ", 70) + ", (dog dog dog dog dog dog dog:1.2)");

  ASSERT_THAT(chunks, SizeIs(2));
  EXPECT_EQ(chunks[0].tokens, 71U);
  EXPECT_EQ(chunks[1].tokens, 7U);
  EXPECT_THAT(std::vector<double>(chunks[1].weights.begin(), chunks[1].weights.begin() + 9),
              ElementsAre(1, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1));
}

TEST(Chunks, SayOfWhichFragmentTheirTokensAre) {
  const auto chunks = chunks_of("a big (cat face:1.5) BREAK red (dog:1.1)");

  ASSERT_THAT(chunks, SizeIs(2));
  EXPECT_THAT(chunks[0].runs, ElementsAre(Chunk::Run{0, 2}, Chunk::Run{1, 2}));
  // 2 is the empty text before the break, 3 the break.
  EXPECT_THAT(chunks[1].runs, ElementsAre(Chunk::Run{4, 1}, Chunk::Run{5, 1}));
}

}  // namespace

}  // namespace furrow::prompt
