// The numbers of common/spec/values.h: single ones, ranges, and lists that go on as they began.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "common/spec/plan.h"
#include "common/spec/text.h"
#include "common/spec/values.h"

namespace furrow::spec {

namespace {

__extension__ using Wide = __int128;

Unexpected refuse(std::string what) {
  return fail(ErrorKind::Invalid, std::move(what));
}

/// A value as written, before it is expanded.
template <typename Number>
struct Range {
  enum class Kind { Single, Plain, Step, Magnitude, Count };

  Kind kind = Kind::Single;
  Number first{};
  Number last{};
  Number step{};           // of Step and Magnitude; the sign of a Magnitude may be left out
  std::int64_t count = 0;  // of Count
};

/// Reads the parts of one value from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(trim(text)) {}

  bool at_end() const { return rest_.empty(); }

  bool take(std::string_view what) {
    if (!rest_.starts_with(what)) return false;
    rest_ = trim(rest_.substr(what.size()));
    return true;
  }

  bool next_is_sign() const { return rest_.starts_with('+') || rest_.starts_with('-'); }

  bool next_is(char c) const { return rest_.starts_with(c); }

  template <typename Number>
  Result<Number> number() {
    std::string text;
    if (take("-")) {
      text += '-';
    } else {
      take("+");
    }
    const std::size_t sign = text.size();
    take_digits(text);
    if (text.size() == sign) return refuse(not_a_number<Number>());
    Number value{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec == std::errc::result_out_of_range) return refuse("is out of range.");
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
      return refuse(not_a_number<Number>());
    }
    rest_ = trim(rest_);
    return value;
  }

 private:
  template <typename Number>
  static std::string not_a_number() {
    const std::string_view what = std::is_integral_v<Number> ? "a whole number" : "a number";
    return fmt::format(
        "is not {}. Write a number, or a range: 1-5, 1-5 (+2), 1-9 [3], 1..9:2, or 1, 3, .., 9.",
        what);
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  char peek(std::size_t ahead) const { return ahead < rest_.size() ? rest_[ahead] : '\0'; }

  void move(std::string& text) {
    text += rest_.front();
    rest_.remove_prefix(1);
  }

  /// Digits, underscores between them left out.
  void take_run(std::string& text) {
    while (is_digit(peek(0))) {
      move(text);
      if (peek(0) == '_' && is_digit(peek(1))) rest_.remove_prefix(1);
    }
  }

  /// "12", "1.5", ".5", "1e-3"; two dots are no decimal point but the middle of a range.
  void take_digits(std::string& text) {
    take_run(text);
    if (peek(0) == '.' && peek(1) != '.' && (is_digit(peek(1)) || !text.empty())) {
      move(text);
      take_run(text);
    }
    const bool has_exponent =
        (peek(0) == 'e' || peek(0) == 'E') && !text.empty() &&
        (is_digit(peek(1)) || ((peek(1) == '-' || peek(1) == '+') && is_digit(peek(2))));
    if (!has_exponent) return;
    move(text);
    if (!is_digit(peek(0))) move(text);
    take_run(text);
  }

  std::string_view rest_;
};

/// What may follow "a-b": (±step), [count] or :count.
template <typename Number>
Result<void> read_step_or_count(Scanner& scanner, Range<Number>& range) {
  if (scanner.take("(")) {
    if (!scanner.next_is_sign()) {
      return refuse("needs a sign on its step: 1-5 (+2). For so many values write 1-5 [2].");
    }
    range.kind = Range<Number>::Kind::Step;
    FURROW_TRY(range.step, scanner.number<Number>());
    return scanner.take(")") ? Result<void>() : refuse("has no ) behind its step.");
  }
  const bool bracketed = scanner.take("[");
  if (!bracketed && !scanner.take(":")) return {};
  range.kind = Range<Number>::Kind::Count;
  const auto count = scanner.number<std::int64_t>();
  if (!count || *count < 1) {
    return refuse("asks for a number of values that is not 1 or more. Write it as in 1-9 [3].");
  }
  range.count = *count;
  return bracketed && !scanner.take("]") ? refuse("has no ] behind its number of values.")
                                         : Result<void>();
}

template <typename Number>
Result<Range<Number>> read_range(std::string_view text) {
  Scanner scanner(text);
  Range<Number> range;
  FURROW_TRY(range.first, scanner.number<Number>());
  if (scanner.at_end()) return range;
  if (scanner.take("..")) {
    range.kind = Range<Number>::Kind::Plain;
    if (scanner.next_is('.')) return refuse("has too many dots. Write 1..5.");
    FURROW_TRY(range.last, scanner.number<Number>());
    if (scanner.take(":")) {
      range.kind = Range<Number>::Kind::Magnitude;
      FURROW_TRY(range.step, scanner.number<Number>());
    }
  } else if (scanner.take("-")) {
    range.kind = Range<Number>::Kind::Plain;
    if (scanner.at_end()) return refuse("has no end. Write a range as in 1-5.");
    FURROW_TRY(range.last, scanner.number<Number>());
    FURROW_TRY_VOID(read_step_or_count(scanner, range));
  }
  if (scanner.at_end()) return range;
  return refuse(
      fmt::format("cannot be read to its end. Write {}, or a range: 1-5, 1-5 (+2), 1-9 "
                  "[3], 1..9:2.",
                  std::is_integral_v<Number> ? "a whole number" : "a number"));
}

/// The step of a range, pointing from its first number to its last. Requires: not a Single or
/// Count.
template <typename Number>
Result<Number> directed_step(const Range<Number>& range) {
  const bool descends = range.last < range.first;
  if (range.kind == Range<Number>::Kind::Plain) return Number(descends ? -1 : 1);
  Number step = range.step;
  if (step == 0) return refuse("has a step of 0, which leads nowhere.");
  if (range.kind == Range<Number>::Kind::Magnitude && descends && step > 0) step = -step;
  const bool leads_away = range.first != range.last && (step < 0) != descends;
  if (leads_away) {
    return refuse(fmt::format("has a step that leads away from {}. Give it the sign {}.",
                              range.last, descends ? "-" : "+"));
  }
  return step;
}

Unexpected too_many(std::uint64_t most) {
  return refuse(fmt::format("stands for more than {} values.", most));
}

/// The integers from `first` by `step`, not past `last`.
Result<std::vector<IntegerItem>> stepped(std::int64_t first, std::int64_t last, std::int64_t step) {
  const Wide count = (Wide{last} - Wide{first}) / Wide{step} + 1;
  if (count > Wide{kMaxCells}) return too_many(kMaxCells);
  return std::vector{IntegerItem{first, step, static_cast<std::uint64_t>(count)}};
}

/// `count` integers, evenly from `first` to `last`, cut towards 0.
Result<std::vector<IntegerItem>> spread(std::int64_t first, std::int64_t last, std::int64_t count) {
  if (count > static_cast<std::int64_t>(kMaxCells)) return too_many(kMaxCells);
  if (count == 1) return std::vector{IntegerItem{first}};
  const Wide distance = Wide{last} - Wide{first};
  const Wide gaps = Wide{count} - 1;
  if (distance % gaps == 0) {
    return std::vector{IntegerItem{first, static_cast<std::int64_t>(distance / gaps),
                                   static_cast<std::uint64_t>(count)}};
  }
  if (count > static_cast<std::int64_t>(kMaxListedValues)) return too_many(kMaxListedValues);
  std::vector<IntegerItem> items;
  for (Wide k = 0; k <= gaps; ++k) {
    items.push_back({static_cast<std::int64_t>((Wide{first} * gaps + k * distance) / gaps)});
  }
  return items;
}

Result<std::vector<IntegerItem>> expand(const Range<std::int64_t>& range) {
  using enum Range<std::int64_t>::Kind;
  if (range.kind == Single) return std::vector{IntegerItem{range.first}};
  if (range.kind == Count) return spread(range.first, range.last, range.count);
  FURROW_TRY(const std::int64_t step, directed_step(range));
  return stepped(range.first, range.last, step);
}

constexpr double kQuantum = 1e-6;
/// How far, in steps, a step may seem to pass the end and still be taken to land on it.
constexpr double kTolerance = 1e-9;

double to_six_decimals(double value) {
  const double quanta = value / kQuantum;
  if (!std::isfinite(quanta)) return value;  // so large that it has no decimals
  return std::round(quanta) / std::round(1 / kQuantum) + 0.0;
}

std::vector<NumberItem> items_of(std::initializer_list<double> values) {
  std::vector<NumberItem> items;
  for (const double value : values) items.push_back({value});
  return items;
}

/// The numbers from `first` by `step`, `count` of them.
std::vector<NumberItem> numbers_from(double first, double step, std::size_t count) {
  std::vector<NumberItem> items;
  items.reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    items.push_back({to_six_decimals(first + step * static_cast<double>(k))});
  }
  return items;
}

Result<std::vector<NumberItem>> expand(const Range<double>& range) {
  using enum Range<double>::Kind;
  const auto [kind, first, last, written_step, count] = range;
  if (kind == Single) return items_of({first});
  if (!std::isfinite(last - first)) return refuse("reaches over more than any number can hold.");
  if (kind == Count) {
    if (count > static_cast<std::int64_t>(kMaxListedValues)) return too_many(kMaxListedValues);
    if (count == 1) return items_of({first});
    const double gaps = static_cast<double>(count - 1);
    return numbers_from(first, (last - first) / gaps, static_cast<std::size_t>(count));
  }
  if (first == last) return items_of({first});
  if (kind == Plain && std::abs(last - first) < 1) return items_of({first, last});
  FURROW_TRY(const double step, directed_step(range));
  if (std::abs(step) < kQuantum) return refuse("has a step finer than 0.000001.");
  const double steps = std::floor((last - first) / step + kTolerance);
  if (steps >= static_cast<double>(kMaxListedValues)) return too_many(kMaxListedValues);
  return numbers_from(first, step, static_cast<std::size_t>(steps) + 1);
}

bool is_fill(std::string_view token) {
  return token == ".." || token == "..." || token == "....";
}

/// The two last values of what has been read, the last one second.
std::optional<std::pair<std::int64_t, std::int64_t>> last_two(
    const std::vector<IntegerItem>& items) {
  if (items.empty()) return std::nullopt;
  const IntegerItem& last = items.back();
  if (last.count > 1) return std::pair(last.last() - last.step, last.last());
  if (items.size() < 2) return std::nullopt;
  return std::pair(items[items.size() - 2].last(), last.last());
}

std::optional<std::pair<double, double>> last_two(const std::vector<NumberItem>& items) {
  if (items.size() < 2) return std::nullopt;
  return std::pair(items[items.size() - 2].value, items.back().value);
}

/// The values strictly between the last one before the dots and the one after them.
Result<std::vector<IntegerItem>> between(std::int64_t last, std::int64_t after, Wide step) {
  const Wide distance = Wide{after} - Wide{last};
  const Wide count = distance / step - (distance % step == 0 ? 1 : 0);
  if (count > Wide{kMaxCells}) return too_many(kMaxCells);
  if (count <= 0) return std::vector<IntegerItem>{};
  return std::vector{IntegerItem{static_cast<std::int64_t>(Wide{last} + step),
                                 static_cast<std::int64_t>(step),
                                 static_cast<std::uint64_t>(count)}};
}

Result<std::vector<NumberItem>> between(double last, double after, double step) {
  if (!std::isfinite(step) || !std::isfinite(after - last)) {
    return refuse("goes on over more than any number can hold.");
  }
  if (std::abs(step) < kQuantum) return refuse("goes on by a step finer than 0.000001.");
  const double count = std::ceil((after - last) / step - kTolerance) - 1;
  if (count > static_cast<double>(kMaxListedValues)) return too_many(kMaxListedValues);
  if (count <= 0) return std::vector<NumberItem>{};
  return numbers_from(last + step, step, static_cast<std::size_t>(count));
}

/// What dots stand for, given all that came before them and the token behind them.
template <typename Number, typename Item>
Result<std::vector<Item>> fill(const std::vector<Item>& before, const Token* behind) {
  using Step = std::conditional_t<std::is_integral_v<Number>, Wide, double>;
  const auto start = last_two(before);
  const auto end = behind != nullptr ? read_range<Number>(behind->text)
                                     : Result<Range<Number>>(refuse("has no end."));
  if (!start || !end || end->kind != Range<Number>::Kind::Single) {
    return refuse("needs two numbers before it and one behind it, as in 1, 3, .., 9.");
  }
  const Step step = Step{start->second} - Step{start->first};
  const Step distance = Step{end->first} - Step{start->second};
  if (step == 0 || (distance != 0 && (step < 0) != (distance < 0))) {
    return refuse(fmt::format("goes on from {} to {}, which does not lead to {}.", start->first,
                              start->second, end->first));
  }
  return between(start->second, end->first, step);
}

template <typename Number, typename Item>
std::vector<Item> parse(const std::vector<Token>& tokens, std::vector<ValueFault>& faults) {
  std::vector<Item> items;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.text.empty()) continue;
    const Token* behind = i + 1 < tokens.size() ? &tokens[i + 1] : nullptr;
    const auto expanded = [&]() -> Result<std::vector<Item>> {
      if (is_fill(token.text)) return fill<Number>(items, behind);
      FURROW_TRY(const Range<Number> range, read_range<Number>(token.text));
      return expand(range);
    }();
    if (!expanded) {
      faults.push_back({token.position, token.text, expanded.error().message});
      continue;
    }
    if (items.size() + expanded->size() > kMaxListedValues) {
      faults.push_back({token.position, token.text,
                        fmt::format("brings the list to more than {} values.", kMaxListedValues)});
      return items;
    }
    for (Item item : *expanded) {
      item.token = i;
      items.push_back(item);
    }
  }
  return items;
}

}  // namespace

std::vector<IntegerItem> parse_integers(const std::vector<Token>& tokens,
                                        std::vector<ValueFault>& faults) {
  return parse<std::int64_t, IntegerItem>(tokens, faults);
}

std::vector<NumberItem> parse_numbers(const std::vector<Token>& tokens,
                                      std::vector<ValueFault>& faults) {
  return parse<double, NumberItem>(tokens, faults);
}

}  // namespace furrow::spec
