#include "common/spec/prompt_edit.h"

#include <algorithm>
#include <numeric>

#include "common/base/check.h"

namespace furrow::spec {

namespace {

/// The order that sorts indices by `less` of what they point at, equal ones as they were.
template <typename Less>
std::vector<std::size_t> sorted_indices(std::size_t n, Less less) {
  std::vector<std::size_t> indices(n);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  std::ranges::stable_sort(indices, less);
  return indices;
}

}  // namespace

std::size_t count_of(std::string_view text, std::string_view search) {
  FURROW_CHECK(!search.empty(), "there is a text to search for");
  std::size_t count = 0;
  for (std::size_t at = text.find(search); at != text.npos;
       at = text.find(search, at + search.size())) {
    ++count;
  }
  return count;
}

std::string replace_all(std::string_view text, std::string_view search,
                        std::string_view replacement) {
  FURROW_CHECK(!search.empty(), "there is a text to search for");
  std::string replaced;
  for (std::size_t start = 0;;) {
    const std::size_t found = text.find(search, start);
    replaced.append(text.substr(start, found - start));
    if (found == std::string_view::npos) return replaced;
    replaced.append(replacement);
    start = found + search.size();
  }
}

std::uint64_t permutation_count(std::size_t n) {
  FURROW_CHECK(n <= kMaxPhrases, "few enough phrases to permute");
  std::uint64_t count = 1;
  for (std::uint64_t k = 2; k <= n; ++k) count *= k;
  return count;
}

std::vector<std::size_t> permutation(std::size_t n, std::uint64_t i) {
  FURROW_CHECK(i < permutation_count(n), "an order that exists");
  std::vector<std::size_t> left(n);
  std::iota(left.begin(), left.end(), std::size_t{0});
  std::vector<std::size_t> order;
  order.reserve(n);
  // The digits of i in the factorial number system choose among what is left.
  for (std::size_t k = n; k > 0; --k) {
    const std::uint64_t orders_of_the_rest = permutation_count(k - 1);
    const auto chosen = left.begin() + static_cast<std::ptrdiff_t>(i / orders_of_the_rest);
    order.push_back(*chosen);
    left.erase(chosen);
    i %= orders_of_the_rest;
  }
  return order;
}

std::optional<std::vector<std::size_t>> place_phrases(
    std::string_view prompt, const std::vector<std::string_view>& phrases) {
  const auto by_length = sorted_indices(phrases.size(), [&](std::size_t a, std::size_t b) {
    return phrases[a].size() > phrases[b].size();
  });
  std::vector<std::size_t> places(phrases.size());
  for (std::size_t k = 0; k < by_length.size(); ++k) {
    const std::string_view phrase = phrases[by_length[k]];
    const auto touches_a_placed_one = [&](std::size_t at) {
      return std::any_of(by_length.begin(), by_length.begin() + static_cast<std::ptrdiff_t>(k),
                         [&](std::size_t other) {
                           return at < places[other] + phrases[other].size() &&
                                  places[other] < at + phrase.size();
                         });
    };
    std::size_t at = prompt.find(phrase);
    while (at != std::string_view::npos && touches_a_placed_one(at)) {
      at = prompt.find(phrase, at + 1);
    }
    if (at == std::string_view::npos) return std::nullopt;
    places[by_length[k]] = at;
  }
  return places;
}

std::string reorder_phrases(std::string_view prompt, const std::vector<std::string_view>& phrases,
                            const std::vector<std::size_t>& order) {
  const auto places = place_phrases(prompt, phrases);
  if (!places) return std::string(prompt);
  const auto left_to_right = sorted_indices(
      phrases.size(), [&](std::size_t a, std::size_t b) { return (*places)[a] < (*places)[b]; });
  std::string reordered;
  std::size_t end_of_last = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const std::size_t stood_here = left_to_right[k];
    reordered.append(prompt.substr(end_of_last, (*places)[stood_here] - end_of_last));
    reordered.append(phrases[order[k]]);
    end_of_last = (*places)[stood_here] + phrases[stood_here].size();
  }
  return reordered.append(prompt.substr(end_of_last));
}

}  // namespace furrow::spec
