#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::prompt {

/// The steps that a schedule is about.
struct Pass {
  int steps = 1;
  /// In a second pass over the picture (hires fix): the steps of the first one. Whole numbers in
  /// the prompt count on from them, and fractions above 1 are of the second pass: 1.5 is its half.
  int steps_before = 0;
};

/// A prompt's text over the steps of a pass.
struct Schedule {
  /// One text up to and with a step, counted from 1.
  struct Span {
    int until = 1;
    std::size_t text = 0;  ///< index into `texts`

    bool operator==(const Span&) const = default;
  };

  std::vector<std::string> texts;  ///< each once, in order of first use; at least one
  std::vector<Span> spans;         ///< `until` rises up to the pass' steps; neighbours differ

  bool operator==(const Schedule&) const = default;
};

/// The most different texts that one prompt may become, and the most steps that alternation is
/// worked out for.
inline constexpr std::size_t kMaxScheduledTexts = 1000;
inline constexpr int kMaxAlternatingSteps = 10'000;

/// A1111's prompt editing:
///
///   [from:to:when]  `from` up to and with step `when`, then `to`; [to:when] adds, [from::when]
///                   takes away
///   [a|b|c]         another text every step, in turn; texts may be empty
///
/// Schedules nest. `when` is a number; with a "." it is a fraction of the steps, 1.0 being all of
/// them, else a step (A1111's rule since 1.6; sdnext takes 1.0 for step 1). It is cut to a whole
/// step and to the pass; before step 1 means never `from`. A step s counts from 1 and yields `from`
/// while s <= when; A1111 itself compares steps that count from 0, and so switches a step later.
///
/// Square brackets without a number at the end are emphasis and stay, as do round ones, escapes
/// (with their \) and brackets that have no partner. Colons and bars in round brackets, and bars
/// outside of brackets, are text.
///
/// Where A1111 gives up in silence and takes the prompt, or the brackets, as they are written, this
/// is an error (Invalid, with the place): brackets with two or more colons, or one and what looks
/// like a number, that end in no number; three or more texts before the number; "|" and ":" in the
/// same brackets; a schedule or alternation that is never closed, or round brackets in it that have
/// no partner. So is more than the bounds above and of kMaxNesting.
///
/// Requires: pass.steps >= 1, pass.steps_before >= 0.
Result<Schedule> parse_schedule(std::string_view text, const Pass& pass);

}  // namespace furrow::prompt
