#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/spec/grid.h"

namespace furrow::cli {

/// `text` as a part of a file name on any system: letters, digits, dots and letters of other
/// scripts stay, everything else becomes one hyphen. At most `most` bytes, whole characters.
/// Never empty, never starts with a dot or a hyphen.
std::string file_name_part(std::string_view text, std::size_t most);

/// "0007_dog-face_CFG-scale-3_Seed-2.png": the index, as wide as the grid's last, so that files
/// sort as cells do, and the coordinates.
std::string picture_file_name(const spec::Grid& grid, std::uint64_t index);

}  // namespace furrow::cli
