#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::prompt {

/// A piece of a prompt whose tokens have one weight.
struct Fragment {
  std::string text;
  double weight = 1;      ///< what the text encoder's output is multiplied with; any finite number
  bool is_break = false;  ///< the word BREAK: no text, the end of a chunk

  bool operator==(const Fragment&) const = default;
};

/// A1111's emphasis, with A1111's numbers (and sdnext's \:, which A1111 lacks):
///
///   (text)       × 1.1         (text:1.3)   × 1.3, any sign and number of decimals
///   [text]       / 1.1         \( \) \[ \] \: \\   the character itself; any other \ is dropped
///   text BREAK text            the chunk ends here
///
/// Nested weights multiply, inner ones first. An opening bracket that is never closed counts up to
/// the end of the text, a closing one that was never opened is text, and so is a ":" that no
/// number and ")" follow, or that stands in no round bracket. Neighbours of equal weight are one
/// fragment. A text of nothing is one empty fragment.
///
/// Inside a weighted bracket the word BREAK is text, as in A1111, where its weight there is the
/// bracket's, negated: a quirk that shared pictures depend on.
///
/// Errors: Invalid, with the place, for a weight of digits and dots that is no number, as in
/// (x:1.5.2) — A1111 stops there, too — or that is too large, and for too many open brackets.
Result<std::vector<Fragment>> parse_attention(std::string_view text);

}  // namespace furrow::prompt
