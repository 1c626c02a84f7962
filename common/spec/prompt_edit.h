#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What axes do to the text of a prompt.
namespace furrow::spec {

/// The most phrases a "Prompt order" axis takes: 8! = 40320 orders.
inline constexpr std::size_t kMaxPhrases = 8;

/// How many places replace_all would find. Requires: `search` is not empty.
std::size_t count_of(std::string_view text, std::string_view search);

/// Every occurrence of `search`, case-sensitive, left to right, never searching in what was put in.
/// Requires: `search` is not empty.
std::string replace_all(std::string_view text, std::string_view search,
                        std::string_view replacement);

/// n!. Requires: n <= kMaxPhrases.
std::uint64_t permutation_count(std::size_t n);

/// The `i`-th order of 0 … n-1, in the order of Python's itertools.permutations: the identity
/// first, then lexicographic. Requires: n <= kMaxPhrases, i < n!.
std::vector<std::size_t> permutation(std::size_t n, std::uint64_t i);

/// Where each phrase stands in `prompt`, or nothing if they do not all find a place of their own.
///
/// Longer phrases choose first, and each takes its first occurrence that touches no phrase already
/// placed: "red" beside "red car" is the "red" outside of it.
std::optional<std::vector<std::size_t>> place_phrases(std::string_view prompt,
                                                      const std::vector<std::string_view>& phrases);

/// The prompt with its phrases in another order: the k-th place, counted from the left, holds
/// phrases[order[k]]; the text between the places stays. The prompt as it is if the phrases do not
/// all find a place. The identity order is that of `phrases`, not that of the prompt.
std::string reorder_phrases(std::string_view prompt, const std::vector<std::string_view>& phrases,
                            const std::vector<std::size_t>& order);

}  // namespace furrow::spec
