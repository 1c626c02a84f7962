#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace furrow::prompt {

/// `text` as CLIP reads it, cut into the words that byte pair encoding works on.
///
/// Bytes that are not UTF-8 count as U+FFFD. Then: canonical composition (NFC), every run of white
/// space to one space, lower case character by character (without looking at neighbours, so a final
/// sigma stays a sigma), and CLIP's splitting pattern
///
///     's|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+
///
/// whose matches, leftmost first, are the words; white space between them is dropped.
std::vector<std::string> clip_words(std::string_view text);

/// `text` before it is cut: composed, its white space single, in lower case; UTF-8.
std::string clip_text(std::string_view text);

/// The words of what clip_text gave, or of a part of it; those of a whole are the words of its
/// text. (Reading it as a text again would compose anew what lower case has taken apart: İ.)
std::vector<std::string> split_clip_text(std::string_view normal);

}  // namespace furrow::prompt
