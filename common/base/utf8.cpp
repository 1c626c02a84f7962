#include "common/base/utf8.h"

namespace furrow {

namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

// The ranges are those of table 3-7 of the Unicode standard.
std::size_t utf8_character(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto within = [](unsigned value, unsigned low, unsigned high) {
    return low <= value && value <= high;
  };
  if (text.empty()) return 0;
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const auto tail = [&](std::size_t i) { return within(byte(i), 0x80, 0xBF); };
  if (within(first, 0xC2, 0xDF)) return tail(1) ? 2 : 0;
  if (within(first, 0xE0, 0xEF)) {
    const bool second = within(byte(1), first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && tail(2) ? 3 : 0;
  }
  if (within(first, 0xF0, 0xF4)) {
    const bool second = within(byte(1), first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string well_formed_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  std::size_t good = 0;  // what is well-formed at the start of `text`
  while (good < text.size()) {
    const std::size_t length = utf8_character(text.substr(good));
    good += length;
    if (length > 0) continue;
    result += text.substr(0, good);
    result += kReplacementCharacter;
    text.remove_prefix(good + 1);
    good = 0;
  }
  return result += text;
}

}  // namespace furrow
