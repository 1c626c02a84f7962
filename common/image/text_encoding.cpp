#include "common/image/text_encoding.h"

#include <cstddef>
#include <cstdint>

#include "common/base/utf8.h"

namespace furrow::image {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// The code point of a well-formed character of `length` bytes.
char32_t code_point(std::string_view utf8, std::size_t length) {
  constexpr std::uint8_t kLeadMask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t value = static_cast<std::uint8_t>(utf8[0]) & kLeadMask[length];
  for (std::size_t i = 1; i < length; ++i)
    value = value << 6 | (static_cast<std::uint8_t>(utf8[i]) & 0x3F);
  return value;
}

void append_utf8(std::string& utf8, char32_t c) {
  const auto append = [&](char32_t byte) { utf8 += static_cast<char>(byte); };
  const auto append_tail = [&](int shift) { append(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    append(c);
  } else if (c < 0x800) {
    append(0xC0 | c >> 6);
    append_tail(0);
  } else if (c < 0x10000) {
    append(0xE0 | c >> 12);
    append_tail(6);
    append_tail(0);
  } else {
    append(0xF0 | c >> 18);
    append_tail(12);
    append_tail(6);
    append_tail(0);
  }
}

bool is_high_surrogate(char32_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}

bool is_low_surrogate(char32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

/// Whether UTF-16 without a byte order mark is little-endian. Most texts have letters below U+0100,
/// whose high byte is zero.
bool looks_little_endian(std::string_view bytes) {
  std::size_t zeros[2] = {0, 0};
  for (std::size_t i = 0; i < bytes.size(); ++i) zeros[i % 2] += bytes[i] == '\0';
  return zeros[1] > zeros[0];
}

}  // namespace

std::optional<std::string> latin1_of(std::string_view utf8) {
  std::string latin1;
  latin1.reserve(utf8.size());
  while (!utf8.empty()) {
    const std::size_t length = utf8_character(utf8);
    const auto lead = static_cast<std::uint8_t>(utf8[0]);
    if (length == 1)
      latin1 += utf8[0];
    else if (length == 2 && lead <= 0xC3)  // U+0080 to U+00FF
      latin1 += static_cast<char>((lead & 0x03) << 6 | (static_cast<std::uint8_t>(utf8[1]) & 0x3F));
    else
      return std::nullopt;
    utf8.remove_prefix(length);
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

std::string utf16_big_endian_of(std::string_view utf8) {
  std::string utf16;
  const auto append_unit = [&](char32_t unit) {
    utf16 += static_cast<char>(unit >> 8 & 0xFF);
    utf16 += static_cast<char>(unit & 0xFF);
  };
  const std::string text = well_formed_utf8(utf8);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_character(rest);
    const char32_t c = code_point(rest, length);
    if (c < 0x10000) {
      append_unit(c);
    } else {
      append_unit(0xD800 + ((c - 0x10000) >> 10));
      append_unit(0xDC00 + ((c - 0x10000) & 0x3FF));
    }
    rest.remove_prefix(length);
  }
  return utf16;
}

std::string utf8_of_utf16(std::string_view bytes) {
  bool is_little_endian = looks_little_endian(bytes);
  if (bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE")) {
    is_little_endian = bytes[0] == '\xFF';
    bytes.remove_prefix(2);
  }
  const auto unit_at = [&](std::size_t at) -> char32_t {
    const auto first = static_cast<std::uint8_t>(bytes[at]);
    const auto second = static_cast<std::uint8_t>(bytes[at + 1]);
    return is_little_endian ? static_cast<char32_t>(second << 8 | first)
                            : static_cast<char32_t>(first << 8 | second);
  };

  std::string utf8;
  std::size_t at = 0;
  while (at + 1 < bytes.size()) {
    const char32_t unit = unit_at(at);
    at += 2;
    if (is_high_surrogate(unit) && at + 1 < bytes.size() && is_low_surrogate(unit_at(at))) {
      append_utf8(utf8, 0x10000 + ((unit - 0xD800) << 10) + (unit_at(at) - 0xDC00));
      at += 2;
    } else {
      append_utf8(utf8, is_high_surrogate(unit) || is_low_surrogate(unit) ? kReplacement : unit);
    }
  }
  if (at < bytes.size()) append_utf8(utf8, kReplacement);
  return utf8;
}

}  // namespace furrow::image
