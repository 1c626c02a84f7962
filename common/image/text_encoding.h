#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The encodings of texts in pictures: Latin-1 (tEXt, zTXt), UTF-8 (iTXt) and UTF-16 (Exif).
namespace furrow::image {

/// The Latin-1 bytes of a UTF-8 text; nothing when it has a character above U+00FF or is no UTF-8.
std::optional<std::string> latin1_of(std::string_view utf8);

/// The UTF-8 of Latin-1 bytes. Every byte is a character, so this cannot fail.
std::string utf8_of_latin1(std::string_view latin1);

/// The UTF-16 of a UTF-8 text, big-endian and without a byte order mark. What is not UTF-8 becomes
/// U+FFFD.
std::string utf16_big_endian_of(std::string_view utf8);

/// The UTF-8 of UTF-16 bytes. The byte order is that of the byte order mark, which is dropped, or
/// the one that puts most zeros into high bytes, or big-endian. Lone surrogates and an odd last
/// byte become U+FFFD.
std::string utf8_of_utf16(std::string_view bytes);

}  // namespace furrow::image
