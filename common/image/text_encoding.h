#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The two encodings of texts in pictures: Latin-1 (tEXt, zTXt) and UTF-8 (iTXt).
namespace furrow::image {

/// The Latin-1 bytes of a UTF-8 text; nothing when it has a character above U+00FF or is no UTF-8.
std::optional<std::string> latin1_of(std::string_view utf8);

/// The UTF-8 of Latin-1 bytes. Every byte is a character, so this cannot fail.
std::string utf8_of_latin1(std::string_view latin1);

}  // namespace furrow::image
