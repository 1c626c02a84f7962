#include <cmath>
#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/spec/plan.h"
#include "common/spec/values.h"
#include "tests/fuzz/fuzz_input.h"

// An axis' values, as texts, integers, numbers and as a size. All stay within their bounds.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  const auto text = well_formed_utf8(fuzz::FuzzInput(data, size).rest());

  std::vector<spec::ValueFault> faults;
  const auto tokens = spec::split_values(text, faults);
  const auto integers = spec::parse_integers(tokens, faults);
  const auto numbers = spec::parse_numbers(tokens, faults);
  const auto pixels = spec::parse_size(text);

  FURROW_CHECK(tokens.size() <= spec::kMaxListedValues, "a list is bounded");
  for (const auto& token : tokens) {
    FURROW_CHECK(is_valid_utf8(token.text), "commas do not cut characters");
  }
  for (const auto& item : integers) {
    FURROW_CHECK(item.count >= 1 && item.count <= spec::kMaxCells, "a range is bounded");
    FURROW_CHECK(item.token < tokens.size(), "an item is of a token");
    item.last();
  }
  FURROW_CHECK(numbers.size() <= spec::kMaxListedValues, "a list is bounded");
  for (const auto& item : numbers) {
    FURROW_CHECK(std::isfinite(item.value), "a number is finite");
    FURROW_CHECK(item.token < tokens.size(), "an item is of a token");
  }
  for (const auto& fault : faults) {
    FURROW_CHECK(is_valid_utf8(fault.what) && !fault.what.empty(), "a fault can be told");
  }
  FURROW_CHECK(pixels || is_valid_utf8(pixels.error().message), "a message can be shown");
  return 0;
}
