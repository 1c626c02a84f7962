#include "cli/output/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <utf8proc.h>

namespace furrow::cli {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026

struct Character {
  std::int32_t code = -1;  // -1: no UTF-8
  std::size_t bytes = 1;
};

Character first_of(std::string_view text) {
  utf8proc_int32_t code = -1;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto taken = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &code);
  if (taken <= 0) return {};
  return {code, static_cast<std::size_t>(taken)};
}

/// C0, DEL, C1, line and paragraph separators, and everything that changes the writing direction
/// (Unicode TR 9: LRM, RLM, embeddings, overrides, isolates).
bool steers_the_terminal(std::int32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

bool is_space_control(std::int32_t code) {
  return code == '\n' || code == '\t' || code == '\r';
}

std::size_t width_of(std::int32_t code) {
  return code < 0 ? 1 : static_cast<std::size_t>(std::max(0, utf8proc_charwidth(code)));
}

}  // namespace

std::string printable(std::string_view text, Lines lines) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_of(text);
    const auto bytes = text.substr(0, character.bytes);
    text.remove_prefix(character.bytes);
    if (is_space_control(character.code)) {
      const bool kept = lines == Lines::Keep && character.code != '\r';
      shown.append(kept ? bytes : " ");
    } else if (character.code < 0 || steers_the_terminal(character.code)) {
      shown.append(kReplacement);
    } else {
      shown.append(bytes);
    }
  }
  return shown;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_of(text);
    width += width_of(character.code);
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string cut_to(std::string_view text, std::size_t width, bool unicode) {
  if (display_width(text) <= width) return std::string(text);
  const std::string_view mark = unicode ? kEllipsis : "..";
  const std::size_t mark_width = unicode ? 1 : 2;
  if (width <= mark_width) return std::string(width, '.');
  std::string cut;
  std::size_t used = mark_width;
  while (!text.empty()) {
    const Character character = first_of(text);
    used += width_of(character.code);
    if (used > width) break;
    cut.append(text.substr(0, character.bytes));
    text.remove_prefix(character.bytes);
  }
  return cut.append(mark);
}

std::string pad_to(std::string text, std::size_t width) {
  const std::size_t has = display_width(text);
  if (has < width) text.append(width - has, ' ');
  return text;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (number < 10'000) return digits;
  for (std::size_t at = digits.size() - 3; at > 0 && at < digits.size(); at -= 3) {
    digits.insert(at, " ");
    if (at <= 3) break;
  }
  return digits;
}

std::string counted(std::uint64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", grouped(count), thing, count == 1 ? "" : "s");
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  double amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 999.5 && unit + 1 < kUnits.size()) {
    amount /= 1000;
    ++unit;
  }
  const int decimals = unit == 0 || amount >= 99.95 ? 0 : 1;
  return fmt::format("{:.{}f} {}", amount, decimals, kUnits[unit]);
}

}  // namespace furrow::cli
