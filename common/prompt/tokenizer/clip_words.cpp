#include "common/prompt/tokenizer/clip_words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>

#include <utf8proc.h>

#include "common/base/check.h"

namespace furrow::prompt {

namespace {

using CodePoint = utf8proc_int32_t;
using CodePoints = std::vector<CodePoint>;

constexpr CodePoint kReplacement = 0xFFFD;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

void append_utf8(CodePoint c, std::string& out) {
  std::array<utf8proc_uint8_t, 4> bytes;
  const auto count = utf8proc_encode_char(c, bytes.data());
  out.append(bytes.begin(), bytes.begin() + count);
}

CodePoints decode(std::string_view text) {
  CodePoints points;
  points.reserve(text.size());
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    CodePoint c = kReplacement;
    const auto used = utf8proc_iterate(at, left, &c);
    points.push_back(used > 0 ? c : kReplacement);
    at += std::max<utf8proc_ssize_t>(used, 1);
    left -= std::max<utf8proc_ssize_t>(used, 1);
  }
  return points;
}

CodePoints compose(const CodePoints& points) {
  const bool is_ascii =
      std::all_of(points.begin(), points.end(), [](CodePoint c) { return c < 128; });
  if (is_ascii) return points;  // and composed as it is
  std::string utf8;
  for (const auto c : points) append_utf8(c, utf8);
  utf8proc_uint8_t* mapped = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                   static_cast<utf8proc_ssize_t>(utf8.size()), &mapped,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(mapped);
  FURROW_CHECK(size >= 0, "valid UTF-8 can be composed");
  return decode({reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)});
}

// Unicode's White_Space property; utf8proc has no question for it.
bool is_space(CodePoint c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

void append_lower(CodePoint c, CodePoints& out) {
  // The one character whose lower case is two, wherever it stands (SpecialCasing.txt): İ.
  if (c == 0x130) {
    out.insert(out.end(), {'i', 0x307});
  } else {
    out.push_back(utf8proc_tolower(c));
  }
}

CodePoints normalize(std::string_view text) {
  CodePoints out;
  for (const auto c : compose(decode(text))) {
    if (!is_space(c)) {
      append_lower(c, out);
    } else if (out.empty() || out.back() != ' ') {
      out.push_back(' ');
    }
  }
  return out;
}

enum class Kind { Space, Letter, Number, Other };

Kind kind_of(CodePoint c) {
  if (is_space(c)) return Kind::Space;
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return Kind::Letter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Kind::Number;
    default:
      return Kind::Other;
  }
}

// How many of the characters from `at` on are an English ending that stands alone; 0: none.
std::size_t contraction_length(const CodePoints& text, std::size_t at) {
  constexpr std::array<std::string_view, 7> kEndings = {"'s", "'t",  "'re", "'ve",
                                                        "'m", "'ll", "'d"};
  for (const auto ending : kEndings) {
    const auto left = text.size() - at;
    if (left >= ending.size() &&
        std::equal(ending.begin(), ending.end(), text.begin() + static_cast<std::ptrdiff_t>(at))) {
      return ending.size();
    }
  }
  return 0;
}

// The length of the match of CLIP's pattern at `at`, which is not white space.
std::size_t word_length(const CodePoints& text, std::size_t at) {
  if (const auto length = contraction_length(text, at); length > 0) return length;
  const auto kind = kind_of(text[at]);
  if (kind == Kind::Number) return 1;
  auto end = at + 1;
  while (end < text.size() && kind_of(text[end]) == kind) ++end;
  return end - at;
}

std::vector<std::string> split(const CodePoints& points) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < points.size();) {
    if (kind_of(points[at]) == Kind::Space) {
      ++at;
      continue;
    }
    const auto end = at + word_length(points, at);
    auto& word = words.emplace_back();
    for (; at < end; ++at) append_utf8(points[at], word);
  }
  return words;
}

}  // namespace

std::vector<std::string> clip_words(std::string_view text) {
  return split(normalize(text));
}

std::vector<std::string> split_clip_text(std::string_view normal) {
  return split(decode(normal));
}

std::string clip_text(std::string_view text) {
  std::string normal;
  for (const auto c : normalize(text)) append_utf8(c, normal);
  return normal;
}

}  // namespace furrow::prompt
