#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::prompt {

/// One of the prompts that a prompt is composed of.
struct WeightedText {
  std::string text;
  double weight = 1;

  bool operator==(const WeightedText&) const = default;
};

/// The most prompts that one is composed of: each is a row of every forward pass.
inline constexpr std::size_t kMaxComposed = 16;

/// Composable diffusion (Liu et al. 2022, arXiv:2206.01714) as A1111 writes it: the word AND
/// between prompts, each with an optional weight behind it, "a cat :1.2 AND a dog :-0.5". Blanks
/// around a weight and at the end of a prompt are dropped.
///
/// A prompt without AND is one text of weight 1, whatever it ends in. (A1111 takes the 9 of
/// "a poster, 16:9" for a weight there, too, and overexposes; nobody means that.)
///
/// Errors: Invalid, with the place, for what stands where a weight does and looks like a number but
/// is none, as in "a cat :0,5 AND a dog", and for more than kMaxComposed prompts.
Result<std::vector<WeightedText>> split_composition(std::string_view text);

}  // namespace furrow::prompt
