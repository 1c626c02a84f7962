#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/prompt/generator.h"

namespace furrow::prompt {

/// What was drawn for one place of a prompt.
struct Choice {
  std::string written;  ///< "{red|blue}", "__animal__"
  std::string taken;    ///< "blue"

  bool operator==(const Choice&) const = default;
};

/// Puts one of each {a|b|c} in its place, blanks around it dropped, and adds what was taken to
/// `made`, in the order of the draws: that of the closing brackets, so inner ones come first, and
/// are drawn whether or not the outer one takes them.
///
/// Weights: {2::a|b} or {a:0.6|b:0.4}; 1 where there is none, 0 for a negative one (sdnext). A
/// text that is there twice has both its chances. Bars in round, square and angle brackets belong
/// to those: {[a|b]|c} takes an alternation or c. Brackets without a bar are text, as are escaped
/// characters, and a prompt that is JSON is left alone.
///
/// Errors: Invalid, with the place: all weights are 0 (sdnext: text) or too large, what stands for
/// a weight looks like a number and is none, choices that are never closed, more than kMaxNesting
/// open.
Result<std::string> take_choices(std::string_view text, ChoiceGenerator& generator,
                                 std::vector<Choice>& made);

/// `text` at its bars, but for those inside of brackets that are closed, of any kind.
std::vector<std::string_view> split_at_bars(std::string_view text);

}  // namespace furrow::prompt
