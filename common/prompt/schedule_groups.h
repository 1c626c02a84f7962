#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::prompt {

/// What a pair of square brackets in a prompt is.
enum class GroupKind {
  Emphasis,   ///< nothing that a schedule is about
  Switch,     ///< [from:to:when] or [to:when]
  Alternate,  ///< [a|b|c]
};

/// A pair of square brackets, by offsets into the prompt.
struct Group {
  GroupKind kind = GroupKind::Emphasis;
  std::size_t open = 0;
  std::size_t close = 0;
  std::vector<std::size_t> separators;  ///< the colons or bars between its parts
  double when = 0;                      ///< of a Switch
  bool is_fraction = false;             ///< `when` has a "."
};

/// The square brackets of a prompt that have a partner, by where they open. See parse_schedule for
/// the rules and the errors.
Result<std::vector<Group>> find_groups(std::string_view text);

}  // namespace furrow::prompt
