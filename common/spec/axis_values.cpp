#include "common/spec/axis_values.h"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/spec/model_choice.h"
#include "common/spec/prompt_edit.h"
#include "common/spec/sampler_names.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

constexpr int kShownDuplicates = 3;
/// The most values on an axis of names or sizes.
constexpr std::size_t kMostNames = 1000;
/// A drawn seed is drawn again while it is taken; with at most kMaxListedValues of 2^32 seeds
/// taken, this many draws in a row never all fail.
constexpr int kMostDraws = 64;

/// Reads the values of one axis.
class Reader {
 public:
  Reader(const AxisKind& kind, const ReadingContext& context) : kind_(kind), context_(context) {}

  AxisReading read(const v1::AxisSpec& spec) && {
    take_tokens(spec);
    if (reading_.faults.empty()) read_values();
    if (reading_.faults.empty() && value_count(kind_, reading_.values) == 0) {
      add_fault({}, "has no values.");
    }
    return std::move(reading_);
  }

 private:
  void take_tokens(const v1::AxisSpec& spec) {
    if (spec.list_size() > 0 && !trim(spec.text()).empty()) {
      add_fault({}, "has its values both as a text and as a list. Keep one of them.");
    } else if (spec.list_size() > static_cast<int>(kMaxListedValues)) {
      add_fault({}, fmt::format("has more than {} values.", kMaxListedValues));
    } else if (spec.list_size() > 0) {
      for (const std::string& text : spec.list()) {
        tokens_.push_back({is_text() ? text : std::string(trim(text)), tokens_.size() + 1});
      }
    } else {
      tokens_ = split_values(spec.text(), reading_.faults);
    }
    for (const Token& token : tokens_) {
      if (!is_valid_utf8(token.text)) add_fault(token, "is not valid UTF-8.");
      if (token.text.find('\0') != token.text.npos) add_fault(token, "holds a NUL character.");
      if (token.text.size() > kMaxText) {
        add_fault(token, fmt::format("is longer than {} bytes.", kMaxText));
      }
    }
  }

  bool is_text() const {
    return kind_.type == AxisType::Text || kind_.type == AxisType::SearchReplace;
  }

  void read_values() {
    switch (kind_.type) {
      case AxisType::Text:
        return read_texts();
      case AxisType::SearchReplace:
        return read_replacements();
      case AxisType::Permutation:
        return read_phrases();
      case AxisType::Integer:
      case AxisType::Seed:
        return read_integers();
      case AxisType::Number:
        return read_numbers();
      case AxisType::Size:
        return each([&](const Token& token) { read_size(token); });
      case AxisType::Sampler:
        return each([&](const Token& token) { read_sampler(token); });
      case AxisType::Schedule:
        return each([&](const Token& token) { read_schedule(token); });
      case AxisType::Choice:
        return each([&](const Token& token) { read_choice(token); });
      case AxisType::Model:
        return each([&](const Token& token) { read_model(token); });
      case AxisType::Vae:
        return each([&](const Token& token) {
          add_model_or_none(token, find_vae(context_.catalog, token.text));
        });
      case AxisType::Refiner:
        return each([&](const Token& token) {
          add_model_or_none(token, find_refiner(context_.catalog, token.text));
        });
      case AxisType::Upscaler:
        return each([&](const Token& token) { read_upscaler(token); });
    }
  }

  /// Reads every token that is not blank, and warns of values that come twice.
  template <typename Read>
  void each(Read read) {
    if (tokens_.size() > kMostNames) {
      return add_fault({}, fmt::format("has more than {} values.", kMostNames));
    }
    for (const Token& token : tokens_) {
      if (!token.text.empty()) read(token);
    }
    const std::uint64_t count = value_count(kind_, reading_.values);
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < count; ++i) {
      texts.push_back(value_text(kind_, {reading_.values, i}));
    }
    warn_of_duplicates(texts);
  }

  void read_texts() {
    std::vector<std::string> texts;
    for (const Token& token : tokens_) {
      reading_.values.add_texts(token.text);
      texts.push_back(in_quotes(token.text));
    }
    warn_of_duplicates(texts);
  }

  void read_replacements() {
    if (!tokens_.empty() && tokens_.front().text.empty()) {
      add_fault(tokens_.front(), "is empty. The first value is the text to search for.");
    }
    read_texts();
  }

  void read_phrases() {
    std::set<std::string_view> seen;
    for (const Token& token : tokens_) {
      if (token.text.empty()) {
        add_fault(token, "is empty. Each value is a phrase of the prompt.");
      } else if (!seen.insert(token.text).second) {
        add_fault(token, "is listed twice. Name each phrase once.");
      }
      reading_.values.add_permuted(token.text);
    }
    if (tokens_.size() > kMaxPhrases) {
      add_fault({}, fmt::format("has {} phrases; the most is {}, which makes {} orders.",
                                tokens_.size(), kMaxPhrases, permutation_count(kMaxPhrases)));
    }
  }

  void read_integers() {
    const auto items = parse_integers(tokens_, reading_.faults);
    for (const IntegerItem& item : items) check_integers(item);
    if (!reading_.faults.empty()) return;
    warn_of_duplicate_integers(items);
    warn_of_unusual(items);
    std::unordered_set<std::int64_t> taken;
    if (kind_.type == AxisType::Seed) {
      for (const IntegerItem& item : items) {
        if (item.count == 1) taken.insert(item.first);
      }
    }
    for (const IntegerItem& item : items) {
      v1::IntegerRun& run = *reading_.values.add_integers();
      run.set_first(is_random(item) ? draw_untaken(taken) : item.first);
      run.set_step(item.step);
      run.set_count(item.count);
    }
  }

  bool is_random(const IntegerItem& item) const {
    return kind_.type == AxisType::Seed && item.count == 1 && item.first == kRandomSeed;
  }

  std::int64_t draw_untaken(std::unordered_set<std::int64_t>& taken) const {
    for (int draw = 0; draw < kMostDraws; ++draw) {
      const std::int64_t seed = context_.draw_seed();
      if (taken.insert(seed).second) return seed;
    }
    return context_.draw_seed();
  }

  void check_integers(const IntegerItem& item) {
    if (is_random(item)) return;
    const Token& token = tokens_[item.token];
    const auto [low, high] = std::minmax({item.first, item.last()});
    if (low < kind_.limits.least || high > kind_.limits.most) {
      add_fault(token, out_of_range());
    } else if (is_side()) {
      check_sides(token, item);
    }
  }

  std::string out_of_range() const {
    if (kind_.type == AxisType::Seed) {
      return fmt::format("is out of range. A seed is 0 to {}, or -1 to draw one.",
                         kind_.limits.most);
    }
    return fmt::format("is out of range. {} is {}.", kind_.label, kind_.limits.text());
  }

  /// Sides of hires fix and of seed resize may also be 0, for none.
  bool is_side() const { return kind_.limits.most == kMaxSide; }

  /// The first two values tell for all: if both fit, so does their difference, the step.
  void check_sides(const Token& token, const IntegerItem& item) {
    const std::uint64_t telling = std::min<std::uint64_t>(item.count, 2);
    for (std::uint64_t k = 0; k < telling; ++k) {
      const std::int64_t side = item.first + item.step * static_cast<std::int64_t>(k);
      const auto fault = context_.size_rule.fault_of(side);
      if (!fault || (side == 0 && kind_.limits.least == 0)) continue;
      const bool is_whole_token = item.count == 1;
      add_fault(token, is_whole_token ? *fault : fmt::format("has {}, which {}", side, *fault));
      return;
    }
  }

  void read_numbers() {
    std::vector<std::string> texts;
    for (const NumberItem& item : parse_numbers(tokens_, reading_.faults)) {
      const Limits& limits = kind_.limits;
      if (!limits.contains(item.value)) {
        add_fault(tokens_[item.token], out_of_range());
        return;
      }
      if (item.value > static_cast<double>(limits.usual_most)) highest_unusual_ = item.value;
      reading_.values.add_numbers(item.value);
      texts.push_back(shortest(item.value));
    }
    if (highest_unusual_) warn_that_unusual(shortest(*highest_unusual_));
    warn_of_duplicates(texts);
  }

  void read_size(const Token& token) {
    const auto size = parse_size(token.text);
    if (!size) return add_fault(token, size.error().message);
    for (const std::int64_t side : {size->width(), size->height()}) {
      if (const auto fault = context_.size_rule.fault_of(side)) {
        return add_fault(token, fmt::format("has a side of {}, which {}", side, *fault));
      }
    }
    *reading_.values.add_sizes() = *size;
  }

  void read_sampler(const Token& token) {
    const auto choice = find_sampler(token.text);
    if (!choice) return add_fault(token, explain_unknown_sampler(token.text));
    v1::SamplerValue& value = *reading_.values.add_samplers();
    value.set_sampler(choice->sampler);
    if (choice->schedule) value.set_schedule(*choice->schedule);
  }

  void read_schedule(const Token& token) {
    const auto name = find_schedule(token.text);
    if (!name) return add_fault(token, explain_unknown_schedule(token.text));
    reading_.values.add_texts(*name);
  }

  void read_model(const Token& token) {
    const auto model = find_model(context_.catalog, token.text);
    if (!model) return add_fault(token, model.error().message);
    *reading_.values.add_models()->mutable_model() = (*model)->model();
  }

  void add_model_or_none(const Token& token, const Result<const v1::ModelOnDisk*>& found) {
    if (!found) return add_fault(token, found.error().message);
    v1::ModelValue& value = *reading_.values.add_models();
    if (*found == nullptr) {
      value.set_automatic(true);
    } else {
      *value.mutable_model() = (*found)->model();
    }
  }

  void read_choice(const Token& token) {
    const OptionName* option = find_option(kind_.options(), token.text);
    if (option == nullptr) {
      return add_fault(token, explain_unknown_option(kind_.options(), token.text));
    }
    reading_.values.add_texts(std::string(option->name));
  }

  void read_upscaler(const Token& token) {
    const auto upscaler = find_upscaler(context_.catalog, token.text);
    if (!upscaler) return add_fault(token, upscaler.error().message);
    *reading_.values.add_models()->mutable_model() = *upscaler;
  }

  void warn_of_duplicates(const std::vector<std::string>& texts) {
    std::unordered_set<std::string_view> seen;
    std::vector<std::string_view> twice;
    for (const std::string& text : texts) {
      if (!seen.insert(text).second) twice.push_back(text);
    }
    if (twice.empty()) return;
    const auto shown = std::min<std::ptrdiff_t>(std::ssize(twice), kShownDuplicates);
    reading_.warnings.push_back(fmt::format("has {}{} more than once. All are kept.",
                                            fmt::join(twice.begin(), twice.begin() + shown, ", "),
                                            std::ssize(twice) > shown ? " and others" : ""));
  }

  /// Long lists are not looked at: a warning is not worth the memory.
  void warn_of_duplicate_integers(const std::vector<IntegerItem>& items) {
    std::vector<std::string> texts;
    for (const IntegerItem& item : items) {
      if (is_random(item)) continue;
      if (item.count > kMaxListedValues - std::min(kMaxListedValues, texts.size())) return;
      for (std::uint64_t k = 0; k < item.count; ++k) {
        texts.push_back(fmt::format("{}", item.first + item.step * static_cast<std::int64_t>(k)));
      }
    }
    warn_of_duplicates(texts);
  }

  void warn_of_unusual(const std::vector<IntegerItem>& items) {
    std::int64_t highest = 0;
    for (const IntegerItem& item : items) highest = std::max({highest, item.first, item.last()});
    if (highest > kind_.limits.usual_most) warn_that_unusual(fmt::format("{}", highest));
  }

  void warn_that_unusual(std::string_view value) {
    reading_.warnings.push_back(fmt::format("goes up to {}; more than {} is seldom useful.", value,
                                            kind_.limits.usual_most));
  }

  void add_fault(const Token& token, std::string what) {
    reading_.faults.push_back({token.position, token.text, std::move(what)});
  }

  const AxisKind& kind_;
  const ReadingContext& context_;
  std::vector<Token> tokens_;
  std::optional<double> highest_unusual_;
  AxisReading reading_;
};

}  // namespace

AxisReading read_axis_values(const AxisKind& kind, const v1::AxisSpec& spec,
                             const ReadingContext& context) {
  return Reader(kind, context).read(spec);
}

}  // namespace furrow::spec
