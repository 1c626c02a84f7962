#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "furrow/v1/recipe.pb.h"

/// The language in which the values of an axis are written: the union of what A1111, sdnext and
/// SwarmUI take. Where they disagree, this is what furrow does (ops/decisions/0003 says why).
///
///   a, b        a list; a new line separates too. Spaces around a value do not count.
///   "a, b", c   a value in quotes keeps its commas and lines; "" in it is one quote (A1111)
///   a\, b, c    \, is a comma that does not separate (sdnext)
///   a, b || c   a text with || outside of quotes is separated by || alone (SwarmUI)
///   a,,b        an empty value: a text, or skipped where a number is wanted. One that ends the
///   list
///               or a line is no value; "" is always one.
///
/// Where numbers are wanted, a value may be a range. Ends are included; a range whose end is below
/// its start descends; a step never passes the end.
///
///   1-5         1 2 3 4 5. Numbers less than 1 apart (0.1-0.5) are just the two ends.
///   1-5 (+2)    1 3 5: a step, with its sign (A1111)
///   1-10 [5]    1 3 5 7 10: so many, evenly, whole numbers cut towards 0 (A1111)
///   1-10:5      the same (sdnext)
///   1..5, 1..9:4, 9..1:4   a step after the colon, its sign optional
///   1, 3, .., 9 goes on as it began up to the number that follows (SwarmUI); also ... and ....
///
/// Numbers may have a sign, and underscores between digits; those of ranges are kept to six
/// decimals, single ones as written. Duplicates stay.
namespace furrow::spec {

/// The most bytes in the text of one axis and the most values that it may list. A range of integers
/// is one value in this count, however long it is.
inline constexpr std::size_t kMaxAxisText = 1 << 20;
inline constexpr std::size_t kMaxListedValues = 100'000;

/// One value as written, unquoted and unescaped.
struct Token {
  std::string text;
  std::size_t position = 0;  ///< 1-based in the list
};

/// What is wrong with one value, or, at position 0, with the list.
struct ValueFault {
  std::size_t position = 0;
  std::string token;
  std::string what;  ///< goes on after the token: "is not a number. …"

  bool operator==(const ValueFault&) const = default;
};

/// The values of a list. Faults are added to `faults`; the values without a fault are returned.
std::vector<Token> split_values(std::string_view text, std::vector<ValueFault>& faults);

/// What one token of integers stands for: first, first + step, … `count` of them.
struct IntegerItem {
  std::int64_t first = 0;
  std::int64_t step = 1;
  std::uint64_t count = 1;
  std::size_t token = 0;  ///< index into the tokens

  std::int64_t last() const { return first + step * static_cast<std::int64_t>(count - 1); }

  bool operator==(const IntegerItem&) const = default;
};

struct NumberItem {
  double value = 0;
  std::size_t token = 0;
};

/// Ranges are not expanded. No item has more values than kMaxCells (common/spec/plan.h).
std::vector<IntegerItem> parse_integers(const std::vector<Token>& tokens,
                                        std::vector<ValueFault>& faults);

/// Ranges are expanded, to kMaxListedValues at most. All values are finite.
std::vector<NumberItem> parse_numbers(const std::vector<Token>& tokens,
                                      std::vector<ValueFault>& faults);

/// "512x768", "512 X 768" or "512×768", in pixels. The error is a sentence that goes on after the
/// text: "is not a size. …".
Result<v1::SizeValue> parse_size(std::string_view text);

}  // namespace furrow::spec
