#include "common/spec/prompt_edit.h"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

namespace furrow::spec {
namespace {

TEST(PromptEdit, ReplacesEveryOccurrenceOnceAndMindsCase) {
  EXPECT_EQ(replace_all("cat, Cat, cat", "cat", "dog"), "dog, Cat, dog");
  EXPECT_EQ(replace_all("cat concat", "cat", "concat"), "concat conconcat");
  EXPECT_EQ(replace_all("aaa", "aa", "a"), "aa");
  EXPECT_EQ(replace_all("cat", "cat", ""), "");
  EXPECT_EQ(replace_all("", "cat", "dog"), "");
}

TEST(PromptEdit, PermutationsComeInTheOrderOfItertools) {
  // What Python 3 prints for list(itertools.permutations(range(3))).
  const std::vector<std::vector<std::size_t>> expected = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                                          {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (std::uint64_t i = 0; i < expected.size(); ++i) EXPECT_EQ(permutation(3, i), expected[i]);
}

TEST(PromptEdit, PermutationsAreTheLexicographicOnes) {
  std::vector<std::size_t> order(5);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::uint64_t i = 0; i < permutation_count(5); ++i) {
    EXPECT_EQ(permutation(5, i), order);
    std::ranges::next_permutation(order);
  }
}

TEST(PromptEdit, PhrasesChangePlacesAndTheTextBetweenStays) {
  const std::vector<std::string_view> phrases = {"a cat", "red", "on snow"};
  const std::string prompt = "photo of a cat, red (on snow), 4k";

  EXPECT_EQ(reorder_phrases(prompt, phrases, {0, 1, 2}), prompt);
  EXPECT_EQ(reorder_phrases(prompt, phrases, {2, 0, 1}), "photo of on snow, a cat (red), 4k");
}

TEST(PromptEdit, TheIdentityOrderIsThatOfThePhrases) {
  EXPECT_EQ(reorder_phrases("b, a", {"a", "b"}, {0, 1}), "a, b");
}

TEST(PromptEdit, APhraseInsideAnotherTakesItsOwnPlace) {
  EXPECT_EQ(reorder_phrases("red car, red sky", {"red", "red car"}, {0, 1}), "red, red car sky");
  EXPECT_FALSE(place_phrases("red car", {"red", "red car"}));
  EXPECT_FALSE(place_phrases("abc", {"ab", "bc"}));
  EXPECT_FALSE(place_phrases("abc", {"x"}));
  EXPECT_EQ(reorder_phrases("red car", {"red", "red car"}, {1, 0}), "red car");
}

}  // namespace
}  // namespace furrow::spec
