#include "common/spec/nearest.h"

#include <algorithm>
#include <cstddef>

#include "common/spec/text.h"

namespace furrow::spec {

namespace {

constexpr std::size_t kLongestText = 64;
constexpr std::size_t kShortestPrefix = 3;

/// Edits (insert, delete, replace, swap of neighbours) that make `a` of `b`: the optimal string
/// alignment distance, row by row.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view text,
                                   const std::vector<std::string>& candidates) {
  if (text.empty() || text.size() > kLongestText) return std::nullopt;
  const std::string wanted = to_lower(text);
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(wanted, to_lower(candidate));
    if (distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  if (best != nullptr || wanted.size() < kShortestPrefix) {
    return best != nullptr ? std::optional(*best) : std::nullopt;
  }
  for (const std::string& candidate : candidates) {
    const bool begins = to_lower(candidate).starts_with(wanted);
    if (begins && (best == nullptr || candidate.size() < best->size())) best = &candidate;
  }
  return best != nullptr ? std::optional(*best) : std::nullopt;
}

}  // namespace furrow::spec
