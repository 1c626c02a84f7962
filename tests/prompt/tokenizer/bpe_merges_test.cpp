#include "common/prompt/tokenizer/bpe_merges.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::prompt {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kMerges = {"a b", "b c</w>", "ab ab", "c c", "ab c</w>", "a a"};

// The letters a to c and what kMerges makes of them.
Vocabulary small_vocabulary() {
  Vocabulary vocabulary;
  for (const auto* token :
       {"a", "b", "c", "a</w>", "b</w>", "c</w>", "ab", "bc</w>", "abab", "cc", "abc</w>", "aa"}) {
    vocabulary.emplace(token, static_cast<TokenId>(vocabulary.size()));
  }
  return vocabulary;
}

constexpr TokenId kUnknown = 99;

BpeMerges small_merges() {
  return BpeMerges::build(small_vocabulary(), kMerges, kUnknown).value();
}

// The definition, word for word: while two neighbours are in the list, join the earliest listed
// pair, the leftmost of equal ones.
std::vector<std::string> join_by_definition(const std::string& word) {
  std::vector<std::string> symbols;
  for (const char c : word) symbols.emplace_back(1, c);
  symbols.back() += "</w>";
  for (;;) {
    auto best_rank = kMerges.size();
    std::size_t best = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found =
          std::find(kMerges.begin(), kMerges.end(), symbols[i] + " " + symbols[i + 1]);
      const auto rank = static_cast<std::size_t>(found - kMerges.begin());
      if (rank < best_rank) {
        best_rank = rank;
        best = i;
      }
    }
    if (best_rank == kMerges.size()) return symbols;
    symbols[best] += symbols[best + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(BpeMerges, JoinsInTheOrderOfTheList) {
  const auto vocabulary = small_vocabulary();

  EXPECT_THAT(small_merges().encode("abc"), ElementsAre(vocabulary.at("abc</w>")));
  EXPECT_THAT(small_merges().encode("a"), ElementsAre(vocabulary.at("a</w>")));
}

TEST(BpeMerges, DoesWhatTheDefinitionSaysOnRandomWords) {
  const auto vocabulary = small_vocabulary();
  const auto merges = small_merges();
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string word;
    for (auto length = 1 + random() % 20; length > 0; --length) {
      word += static_cast<char>('a' + random() % 3);
    }

    std::vector<TokenId> expected;
    for (const auto& token : join_by_definition(word)) expected.push_back(vocabulary.at(token));

    ASSERT_EQ(merges.encode(word), expected) << word;
  }
}

TEST(BpeMerges, ABytePastTheVocabularyIsUnknown) {
  EXPECT_THAT(small_merges().encode("ax"), ElementsAre(small_vocabulary().at("a"), kUnknown));
}

TEST(BpeMerges, AWordOfAMegabyteIsNoTrouble) {
  EXPECT_EQ(small_merges().encode(std::string(1 << 20, 'c')).size(), (1u << 19) + 1);
}

TEST(BpeMerges, AMergeOutsideTheVocabularyIsRefused) {
  const auto merges = BpeMerges::build(small_vocabulary(), {"a b", "c a"}, kUnknown);

  ASSERT_FALSE(merges);
  EXPECT_THAT(merges.error().message, HasSubstr("\"c a\""));
}

}  // namespace

}  // namespace furrow::prompt
