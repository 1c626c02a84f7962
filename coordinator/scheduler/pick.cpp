#include "coordinator/scheduler/pick.h"

#include <algorithm>
#include <tuple>

namespace furrow::scheduler {

std::optional<std::size_t> pick(std::span<const Candidate> candidates) {
  if (candidates.empty()) return std::nullopt;
  const auto key = [](const Candidate& c) {
    return std::make_tuple(!c.resident, !c.retry, c.position);
  };
  const auto best =
      std::min_element(candidates.begin(), candidates.end(),
                       [&key](const Candidate& a, const Candidate& b) { return key(a) < key(b); });
  return static_cast<std::size_t>(best - candidates.begin());
}

}  // namespace furrow::scheduler
