#include "common/image/text_encoding.h"

#include <cstddef>
#include <cstdint>

namespace furrow::image {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// The character at the start of `text`; `length` is 0 where it is not well-formed.
struct Decoded {
  char32_t character = 0;
  std::size_t length = 0;
};

Decoded decode_first(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};

  char32_t character = lead & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    character = (character << 6) | (byte(i) & 0x3F);
  }
  const bool is_overlong =
      (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  const bool is_surrogate = character >= 0xD800 && character < 0xE000;
  if (is_overlong || is_surrogate || character > 0x10FFFF) return {};
  return {character, length};
}

}  // namespace

std::optional<std::string> latin1_of(std::string_view utf8) {
  std::string latin1;
  latin1.reserve(utf8.size());
  while (!utf8.empty()) {
    const Decoded first = decode_first(utf8);
    if (first.length == 0 || first.character > 0xFF) return std::nullopt;
    latin1 += static_cast<char>(first.character);
    utf8.remove_prefix(first.length);
  }
  return latin1;
}

std::string utf8_of_latin1(std::string_view latin1) {
  std::string utf8;
  utf8.reserve(latin1.size());
  for (const char c : latin1) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0 | (byte >> 6));
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return utf8;
}

std::string well_formed_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  std::size_t good = 0;  // what is well-formed at the start of `text`
  while (good < text.size()) {
    const Decoded next = decode_first(text.substr(good));
    good += next.length;
    if (next.length > 0) continue;
    result += text.substr(0, good);
    result += kReplacement;
    text.remove_prefix(good + 1);
    good = 0;
  }
  return result += text;
}

}  // namespace furrow::image
