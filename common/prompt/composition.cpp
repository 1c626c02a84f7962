#include "common/prompt/composition.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/prompt/text.h"

namespace furrow::prompt {

namespace {

constexpr std::string_view kAnd = "AND";

std::string_view without_blanks_behind(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Where the weight of `text` begins, its colon; nothing: it has none.
std::optional<std::size_t> weight_colon(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !looks_like_number(text.substr(colon + 1)))
    return std::nullopt;
  const bool is_escaped = colon > 0 && text[colon - 1] == '\\';
  return is_escaped ? std::nullopt : std::optional(colon);
}

/// The prompt between `first` and `last` of the whole text.
Result<WeightedText> weighted_text(std::string_view whole, std::size_t first, std::size_t last) {
  const std::string_view text = without_blanks_behind(whole.substr(first, last - first));
  const auto colon = weight_colon(text);
  if (!colon) return WeightedText{std::string(text)};
  const std::string_view number = trim(text.substr(*colon + 1));
  const auto weight = parse_number(number);
  if (!weight)
    return fail(ErrorKind::Invalid,
                fmt::format("{}: {} is not a weight; a prompt of several is weighted as in "
                            "\"a cat :1.2 AND a dog\"; write \\: for a colon that is text.",
                            place(whole, first + *colon), in_quotes(number)));
  return WeightedText{std::string(without_blanks_behind(text.substr(0, *colon))), *weight};
}

}  // namespace

Result<std::vector<WeightedText>> split_composition(std::string_view text) {
  std::size_t found = find_word(text, kAnd, 0);
  if (found == std::string_view::npos) return std::vector{WeightedText{std::string(text)}};

  std::vector<WeightedText> parts;
  std::size_t first = 0;
  while (true) {
    if (parts.size() == kMaxComposed)
      return fail(ErrorKind::Invalid, fmt::format("{}: more than {} prompts are joined by AND.",
                                                  place(text, first), kMaxComposed));
    const std::size_t last = std::min(found, text.size());
    FURROW_TRY(WeightedText part, weighted_text(text, first, last));
    parts.push_back(std::move(part));
    if (found == std::string_view::npos) return parts;
    first = found + kAnd.size();
    found = find_word(text, kAnd, first);
  }
}

}  // namespace furrow::prompt
