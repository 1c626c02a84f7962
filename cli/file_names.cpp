#include "cli/file_names.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "cli/output/text.h"

namespace furrow::cli {

namespace {

// File systems end names at 255 bytes; a few axes and the index fit.
constexpr std::size_t kPartBytes = 40;
constexpr std::size_t kNameBytes = 200;
constexpr std::size_t kFewestDigits = 4;

bool stays(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0 || c == '.' || c == '+';
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Cuts at a whole character.
void shorten(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  while (most > 0 && is_continuation(text[most])) --most;
  text.resize(most);
}

}  // namespace

std::string file_name_part(std::string_view text, std::size_t most) {
  std::string part;
  for (const char c : printable(text)) {
    if (stays(c)) {
      part += c;
    } else if (!part.empty() && part.back() != '-') {
      part += '-';
    }
  }
  shorten(part, most);
  part.erase(0, std::min(part.find_first_not_of(".-"), part.size()));
  part.erase(part.find_last_not_of(".-") + 1);
  return part.empty() ? "x" : part;
}

std::string picture_file_name(const spec::Grid& grid, std::uint64_t index) {
  const std::size_t digits = std::max(kFewestDigits, std::to_string(grid.cell_count() - 1).size());
  std::string name = fmt::format("{:0{}}", index, digits);
  const auto position = grid.coordinates(index);
  for (std::size_t axis = 0; axis < position.size(); ++axis) {
    name += "_" + file_name_part(grid.coordinate_label(axis, position[axis]), kPartBytes);
  }
  shorten(name, kNameBytes);
  return name + ".png";
}

}  // namespace furrow::cli
