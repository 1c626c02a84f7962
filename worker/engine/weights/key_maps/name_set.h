#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace furrow::engine::weights {

/// The names of a network's tensors, asked for the lists of modules among them: how many blocks it
/// has stands nowhere else.
class NameSet {
 public:
  NameSet() = default;

  void insert(std::string_view name) { names_.emplace(name); }

  bool has(std::string_view name) const { return names_.find(name) != names_.end(); }

  /// Whether a name begins with `prefix`.
  bool has_any(std::string_view prefix) const {
    const auto at = names_.lower_bound(prefix);
    return at != names_.end() && at->starts_with(prefix);
  }

  /// How many of LIST0. , LIST1. , … there are without a gap.
  std::int64_t count(std::string_view list) const {
    std::int64_t n = 0;
    while (has_any(std::string(list) + std::to_string(n) + ".")) ++n;
    return n;
  }

 private:
  std::set<std::string, std::less<>> names_;
};

}  // namespace furrow::engine::weights
