#include "worker/engine/weights/shown.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace furrow::engine::weights {

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 160;
  if (text.size() <= kMost) return fmt::format("{:?}", text);
  return fmt::format("{:?}…", text.substr(0, kMost));
}

std::string shown_list(std::vector<std::string> parts, std::size_t most,
                       std::string_view separator) {
  const auto count = parts.size();
  if (count > most) {
    parts.resize(most);
    parts.push_back(fmt::format("and {} more", count - most));
  }
  return fmt::format("{}", fmt::join(parts, separator));
}

}  // namespace furrow::engine::weights
