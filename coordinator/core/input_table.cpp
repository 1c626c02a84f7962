#include "coordinator/core/input_table.h"

namespace furrow::core {

KeptInput* InputTable::find(const Digest& input) {
  const auto found = kept_.find(input);
  return found == kept_.end() ? nullptr : &found->second;
}

std::vector<Digest> InputTable::take_unnamed(UnixMillis before, std::size_t limit) {
  std::vector<Digest> taken;
  for (auto at = kept_.begin(); at != kept_.end() && taken.size() < limit;) {
    const auto& [input, kept] = *at;
    const bool is_wanted =
        kept.is_artifact || named_.contains(input) || kept.stored_at.value >= before.value;
    if (is_wanted) {
      ++at;
    } else {
      taken.push_back(input);
      at = kept_.erase(at);
    }
  }
  return taken;
}

}  // namespace furrow::core
