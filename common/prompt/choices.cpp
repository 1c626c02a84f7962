#include "common/prompt/choices.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/prompt/limits.h"
#include "common/prompt/text.h"

namespace furrow::prompt {

namespace {

constexpr std::string_view kOpening = "([{<";
constexpr std::string_view kClosing = ")]}>";
constexpr std::string_view kWeightFirst = "::";

bool is_json(std::string_view text) {
  text = trim(text);
  const bool may_be = text.starts_with('{') || text.starts_with('[');
  return may_be && nlohmann::json::accept(text);
}

struct Option {
  std::string_view text;
  double weight = 1;
};

/// Curly brackets that stand open, and what they hold so far, inner choices taken.
struct Open {
  std::size_t at;
  std::string inner;
};

class ChoiceTaker {
 public:
  ChoiceTaker(std::string_view text, ChoiceGenerator& generator, std::vector<Choice>& made)
      : text_(text), generator_(generator), made_(made) {}

  Result<std::string> take() && {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c == '\\' && at + 1 < text_.size()) {
        here() += text_.substr(at++, 2);
      } else if (c == '{') {
        if (open_.size() == kMaxNesting)
          return fault(
              at, fmt::format("{} brackets stand open here, more than can be meant", kMaxNesting));
        open_.push_back({at, ""});
      } else if (c == '}' && !open_.empty()) {
        FURROW_TRY_VOID(close(at));
      } else {
        here() += c;
      }
    }
    return finish();
  }

 private:
  Unexpected fault(std::size_t at, std::string_view why) const {
    return fail(ErrorKind::Invalid, fmt::format("{}: {}.", place(text_, at), why));
  }

  std::string& here() { return open_.empty() ? result_ : open_.back().inner; }

  Result<void> close(std::size_t at) {
    const Open bracket = std::move(open_.back());
    open_.pop_back();
    const auto written = split_at_bars(bracket.inner);
    if (written.size() == 1) {
      here() += fmt::format("{{{}}}", bracket.inner);
      return {};
    }
    std::vector<Option> options;
    std::vector<double> weights;
    for (const std::string_view option : written) {
      FURROW_TRY(options.emplace_back(), read_option(bracket.at, option));
      weights.push_back(options.back().weight);
    }
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (sum == 0 || !std::isfinite(sum))
      return fault(bracket.at, sum == 0 ? "all of these choices have the weight 0"
                                        : "the weights of these choices are too large");
    const std::string taken(options[generator_.pick(weights)].text);
    made_.push_back({std::string(text_.substr(bracket.at, at + 1 - bracket.at)), taken});
    here() += taken;
    return {};
  }

  Result<Option> read_option(std::size_t at, std::string_view written) const {
    Option option{trim(written)};
    std::string_view number;
    if (const auto colons = option.text.find(kWeightFirst);
        colons != std::string_view::npos && looks_like_number(option.text.substr(0, colons))) {
      number = option.text.substr(0, colons);
      option.text.remove_prefix(colons + kWeightFirst.size());
    } else if (const auto colon = option.text.rfind(':');
               colon != std::string_view::npos &&
               looks_like_number(option.text.substr(colon + 1)) &&
               (colon == 0 || option.text[colon - 1] != '\\')) {
      number = option.text.substr(colon + 1);
      option.text = option.text.substr(0, colon);
    } else {
      return option;
    }
    const auto weight = parse_number(trim(number));
    if (!weight)
      return fault(at, fmt::format("{} is not the weight of a choice, as in {{2::a|b}} or "
                                   "{{a:0.6|b:0.4}}",
                                   in_quotes(trim(number))));
    option.text = trim(option.text);
    option.weight = std::max(0.0, *weight);
    return option;
  }

  /// Curly brackets without a partner are text, unless they were to be a choice.
  Result<std::string> finish() {
    for (const Open& bracket : open_) {
      if (split_at_bars(bracket.inner).size() > 1)
        return fault(bracket.at,
                     "these choices are never closed; add the }, or write \\{ for the "
                     "character");
      result_ += '{';
      result_ += bracket.inner;
    }
    return std::move(result_);
  }

  const std::string_view text_;
  ChoiceGenerator& generator_;
  std::vector<Choice>& made_;
  std::string result_;
  std::vector<Open> open_;
};

}  // namespace

std::vector<std::string_view> split_at_bars(std::string_view text) {
  std::vector<std::size_t> bars;

  struct Bracket {
    std::size_t kind;
    std::size_t bars_before;
  };

  std::vector<Bracket> open;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') {
      ++at;
    } else if (c == '|') {
      bars.push_back(at);
    } else if (const auto opening = kOpening.find(c); opening != std::string_view::npos) {
      open.push_back({opening, bars.size()});
    } else if (const auto closing = kClosing.find(c); closing != std::string_view::npos) {
      const auto partner = std::find_if(open.rbegin(), open.rend(), [&](const Bracket& bracket) {
        return bracket.kind == closing;
      });
      if (partner == open.rend()) continue;
      bars.resize(partner->bars_before);
      open.erase(partner.base() - 1, open.end());
    }
  }
  std::vector<std::string_view> parts;
  std::size_t first = 0;
  for (const std::size_t bar : bars) {
    parts.push_back(text.substr(first, bar - first));
    first = bar + 1;
  }
  parts.push_back(text.substr(first));
  return parts;
}

Result<std::string> take_choices(std::string_view text, ChoiceGenerator& generator,
                                 std::vector<Choice>& made) {
  if (is_json(text)) return std::string(text);
  return ChoiceTaker(text, generator, made).take();
}

}  // namespace furrow::prompt
