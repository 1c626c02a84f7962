#include "common/image/text_encoding.h"

#include <cstddef>
#include <cstdint>

#include "common/base/utf8.h"

namespace furrow::image {
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

}  // namespace furrow::image
