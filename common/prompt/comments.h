#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::prompt {

struct Uncommented {
  std::string text;
  std::vector<std::string> comments;  ///< what they say, without their marks and blanks around
};

/// Takes comments out of a prompt: `#` up to the end of its line (A1111) and `/* … */` over any
/// number of lines (sdnext), whichever begins first. A line that is all comment goes with its end.
/// `\#` is the character, and stays as it is written.
///
/// sdnext also takes `##` for BREAK; here, as in A1111, a comment begins there.
///
/// Errors: Invalid, with the place, for a /* that is never closed (sdnext: text).
Result<Uncommented> remove_comments(std::string_view text);

}  // namespace furrow::prompt
