#include "common/prompt/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include <fmt/format.h>
#include <utf8proc.h>

#include "common/base/utf8.h"

namespace furrow::prompt {

namespace {

constexpr std::size_t kLongestQuote = 40;
constexpr std::string_view kReplacementCharacter = "\uFFFD";
constexpr std::string_view kBlanks = " \t\r\n\f\v";

/// Whether the character that begins at `offset` is one of a word.
bool is_of_word(std::string_view text, std::size_t offset) {
  utf8proc_int32_t c = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  if (utf8proc_iterate(bytes + offset, static_cast<utf8proc_ssize_t>(text.size() - offset), &c) < 0)
    return false;
  if (c == '_') return true;
  const utf8proc_category_t category = utf8proc_category(c);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
         (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

bool is_word_before(std::string_view text, std::size_t offset) {
  const auto is_inner_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  if (offset == 0) return false;
  do {
    --offset;
  } while (offset > 0 && is_inner_byte(text[offset]));
  return is_of_word(text, offset);
}

bool is_word_at(std::string_view text, std::size_t offset) {
  return offset < text.size() && is_of_word(text, offset);
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::size_t find_word(std::string_view text, std::string_view word, std::size_t from) {
  for (auto at = text.find(word, from); at != std::string_view::npos; at = text.find(word, at + 1))
    if (!is_word_before(text, at) && !is_word_at(text, at + word.size())) return at;
  return std::string_view::npos;
}

std::optional<double> parse_number(std::string_view text) {
  const bool has_plus = !text.empty() && text.front() == '+';
  if (has_plus) text.remove_prefix(1);
  if (text.empty() || (has_plus && text.front() == '-')) return std::nullopt;
  // from_chars also takes "inf" and "nan".
  const std::size_t first = text.front() == '-' ? 1 : 0;
  if (first == text.size() || (!is_digit(text[first]) && text[first] != '.')) return std::nullopt;
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool looks_like_number(std::string_view text) {
  constexpr std::string_view kOfNumbers = "0123456789+-.,eE%/_ ";
  text = trim(text);
  return std::any_of(text.begin(), text.end(), is_digit) &&
         text.find_first_not_of(kOfNumbers) == std::string_view::npos;
}

std::string number_text(double value) {
  return fmt::format("{}", value);
}

std::string in_quotes(std::string_view text) {
  std::string shown = "\"";
  for (std::size_t at = 0; at < text.size();) {
    if (shown.size() > kLongestQuote) return shown + "…\"";
    const std::size_t length = utf8_character(text.substr(at));
    shown += length > 0 ? text.substr(at, length) : kReplacementCharacter;
    at += std::max<std::size_t>(length, 1);
  }
  return shown + '"';
}

std::string place(std::string_view text, std::size_t offset) {
  std::size_t character = 1;
  for (std::size_t at = 0; at < offset; ++character)
    at += std::max<std::size_t>(utf8_character(text.substr(at)), 1);
  return fmt::format("character {} ({})", character, in_quotes(text.substr(offset)));
}

}  // namespace furrow::prompt
