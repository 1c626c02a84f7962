#include "common/prompt/attention.h"

#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/prompt/limits.h"
#include "common/prompt/text.h"

namespace furrow::prompt {

namespace {

constexpr double kRound = 1.1;
constexpr double kSquare = 1 / 1.1;
constexpr std::string_view kSyntax = "\\()[]:";
constexpr std::string_view kBreak = "BREAK";

/// What a break is before the brackets around it are known. Whatever has this text and weight at
/// the end is one: a bracket of weight 1 or two of weight -1 keep it.
constexpr double kBreakWeight = -1;

/// The end of a weighted bracket, ": 1.3 )".
struct WeightEnd {
  std::string_view number;
  std::size_t size;  ///< with the colon and the bracket
};

std::optional<WeightEnd> weight_end(std::string_view text) {
  const auto skip = [&](std::size_t at, auto is_skipped) {
    while (at < text.size() && is_skipped(text[at])) ++at;
    return at;
  };
  const std::size_t first = skip(1, is_blank);
  std::size_t digits = first;
  if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
  const std::size_t last = skip(digits, [](char c) { return is_digit(c) || c == '.'; });
  const std::size_t close = skip(last, is_blank);
  if (last == digits || close == text.size() || text[close] != ')') return std::nullopt;
  return WeightEnd{text.substr(first, last - first), close + 1};
}

class AttentionParser {
 public:
  explicit AttentionParser(std::string_view text) : text_(text) {}

  Result<std::vector<Fragment>> parse() && {
    while (at_ < text_.size()) FURROW_TRY_VOID(step());
    for (const std::size_t first : round_) multiply(first, kRound);
    for (const std::size_t first : square_) multiply(first, kSquare);
    if (fragments_.empty()) add("");
    return finish();
  }

 private:
  Result<void> step() {
    const char c = text_[at_];
    if (c == '\\') return take_escape();
    if (c == '(') return open(round_);
    if (c == '[') return open(square_);
    if (c == ')' && !round_.empty()) return close(round_, kRound);
    if (c == ']' && !square_.empty()) return close(square_, kSquare);
    if (c == ':') return take_colon();
    const std::size_t end = text_.find_first_of(kSyntax, at_ + 1);
    return take_text(std::min(end, text_.size()) - at_);
  }

  Result<void> take_escape() {
    const bool escapes = at_ + 1 < text_.size() &&
                         std::string_view("()[]:\\").find(text_[at_ + 1]) != std::string_view::npos;
    add(escapes ? text_.substr(at_ + 1, 1) : std::string_view());
    at_ += escapes ? 2 : 1;
    return {};
  }

  Result<void> open(std::vector<std::size_t>& brackets) {
    if (brackets.size() == kMaxNesting)
      return fail(ErrorKind::Invalid, fmt::format("{}: {} brackets stand open here, more than can "
                                                  "be meant; close them, or write \\( for (.",
                                                  place(text_, at_), kMaxNesting));
    brackets.push_back(fragments_.size());
    ++at_;
    return {};
  }

  Result<void> close(std::vector<std::size_t>& brackets, double factor) {
    multiply(brackets.back(), factor);
    brackets.pop_back();
    ++at_;
    return {};
  }

  Result<void> take_colon() {
    const auto end = weight_end(text_.substr(at_));
    if (!end) return take_text(1);
    if (round_.empty()) return take_text(end->size);
    const auto weight = parse_number(end->number);
    if (!weight)
      return fail(ErrorKind::Invalid,
                  fmt::format("{}: {} is not a weight; a weight is written as in (text:1.3).",
                              place(text_, at_), in_quotes(end->number)));
    multiply(round_.back(), *weight);
    round_.pop_back();
    at_ += end->size;
    return {};
  }

  /// Takes `size` bytes as text, in which BREAK and the blanks around it are a break.
  Result<void> take_text(std::size_t size) {
    std::string_view rest = text_.substr(at_, size);
    at_ += size;
    for (auto found = find_word(rest, kBreak, 0); found != std::string_view::npos;
         found = find_word(rest, kBreak, 0)) {
      std::string_view before = rest.substr(0, found);
      while (!before.empty() && is_blank(before.back())) before.remove_suffix(1);
      add(before);
      fragments_.push_back({std::string(kBreak), kBreakWeight});
      rest.remove_prefix(found + kBreak.size());
      while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
    }
    add(rest);
    return {};
  }

  void add(std::string_view text) { fragments_.push_back({std::string(text)}); }

  void multiply(std::size_t first, double factor) {
    for (std::size_t i = first; i < fragments_.size(); ++i) fragments_[i].weight *= factor;
  }

  Result<std::vector<Fragment>> finish() {
    std::vector<Fragment> merged;
    for (Fragment& fragment : fragments_) {
      if (!std::isfinite(fragment.weight))
        return fail(ErrorKind::Invalid, fmt::format("the weights of the brackets around {} make "
                                                    "more than a number can hold.",
                                                    in_quotes(fragment.text)));
      if (!merged.empty() && merged.back().weight == fragment.weight) {
        merged.back().text += fragment.text;
      } else {
        merged.push_back(std::move(fragment));
      }
    }
    for (Fragment& fragment : merged)
      if (fragment.text == kBreak && fragment.weight == kBreakWeight) fragment = {"", 1, true};
    return merged;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Fragment> fragments_;
  // Of the brackets that stand open: the fragment that each begins before.
  std::vector<std::size_t> round_;
  std::vector<std::size_t> square_;
};

}  // namespace

Result<std::vector<Fragment>> parse_attention(std::string_view text) {
  return AttentionParser(text).parse();
}

}  // namespace furrow::prompt
