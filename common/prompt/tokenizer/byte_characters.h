#pragma once

#include <array>
#include <string>
#include <string_view>

namespace furrow::prompt {

/// What marks the last symbol of a word in CLIP's vocabulary.
inline constexpr std::string_view kWordEnd = "</w>";

/// Vocabularies are text, so GPT-2 gave every byte a visible character: printable Latin-1 its own,
/// the others those from U+0100 on, in order. By byte, as UTF-8 of one or two bytes.
const std::array<std::string, 256>& byte_characters();

}  // namespace furrow::prompt
