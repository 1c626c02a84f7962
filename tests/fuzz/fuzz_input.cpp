#include "tests/fuzz/fuzz_input.h"

#include <algorithm>

namespace furrow::fuzz {

std::uint8_t FuzzInput::take_byte() {
  if (rest_.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return byte;
}

int FuzzInput::take_between(int from, int to) {
  const int high = take_byte();
  const int number = high << 8 | take_byte();
  return from + number % (to - from + 1);
}

std::string_view FuzzInput::take_text() {
  const auto end = std::min(rest_.find('\0'), rest_.size());
  const auto text = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  return text;
}

}  // namespace furrow::fuzz
