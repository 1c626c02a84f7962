#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace furrow::cli {

/// `text` made safe to show: control characters, escapes, characters that turn the writing
/// direction and bytes that are no UTF-8 become U+FFFD, so that data never steers the terminal.
/// Line breaks and tabs become spaces with Lines::Join and stay with Lines::Keep.
enum class Lines { Join, Keep };
std::string printable(std::string_view text, Lines lines = Lines::Join);

/// Columns that printable UTF-8 takes on a terminal: wide characters count two, marks none.
std::size_t display_width(std::string_view text);

/// `text` cut to `width` columns, the last one an ellipsis when something is missing. Plain dots
/// stand for it where the terminal has no Unicode.
std::string cut_to(std::string_view text, std::size_t width, bool unicode);

/// `text` with spaces behind it up to `width` columns.
std::string pad_to(std::string text, std::size_t width);

/// "1 cell", "36 cells", "1 000 000 cells".
std::string counted(std::uint64_t count, std::string_view thing);
/// "1 000 000": digits in threes from 10 000 on.
std::string grouped(std::uint64_t number);
/// "3.2 GB": powers of 1000, as disks and file managers count.
std::string bytes_text(std::uint64_t bytes);

}  // namespace furrow::cli
