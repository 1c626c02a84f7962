#include "common/spec/text.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "common/base/utf8.h"

namespace furrow::spec {

namespace {

constexpr std::size_t kLongestQuote = 80;
constexpr std::string_view kReplacementCharacter = "\uFFFD";

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string in_quotes(std::string_view text) {
  std::string shown = "\"";
  for (std::size_t at = 0; at < text.size();) {
    if (shown.size() > kLongestQuote) return shown + "…\"";
    const std::size_t length = utf8_character(text.substr(at));
    if (text[at] == '\n') {
      shown += "\\n";  // a message is one line
    } else {
      shown += length > 0 ? text.substr(at, length) : kReplacementCharacter;
    }
    at += std::max<std::size_t>(length, 1);
  }
  return shown + '"';
}

std::string shortest(double value) {
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, written.ptr};
}

}  // namespace furrow::spec
