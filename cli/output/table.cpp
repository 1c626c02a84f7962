#include "cli/output/table.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "cli/output/text.h"
#include "common/base/check.h"

namespace furrow::cli {

namespace {

constexpr std::size_t kGap = 2;

std::string aligned(std::string text, std::size_t width, Align align) {
  const std::size_t has = display_width(text);
  if (align == Align::Left || has >= width) return pad_to(std::move(text), width);
  return std::string(width - has, ' ') + text;
}

std::string painted(std::string text, Paint paint, const Terminal& terminal) {
  if (!terminal.colour || paint == Paint::Plain) return text;
  return paint_on(paint) + text + kPaintOff;
}

void drop_trailing_spaces(std::string& line) {
  line.erase(line.find_last_not_of(' ') + 1);
}

}  // namespace

void Table::add_row(std::vector<TableCell> cells) {
  FURROW_CHECK(cells.size() == columns_.size(), "a row has one cell a column");
  for (TableCell& cell : cells) cell.text = printable(cell.text);
  rows_.push_back(std::move(cells));
}

std::string Table::render(const Terminal& terminal) const {
  const auto widths = widths_within(terminal.width);
  std::string text;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      const TableCell cell = cell_at(column);
      std::string word = cut_to(cell.text, widths[column], terminal.unicode);
      const bool last = column + 1 == columns_.size();
      if (!last || columns_[column].align == Align::Right) {
        word = aligned(std::move(word), widths[column], columns_[column].align);
      }
      line += painted(std::move(word), cell.paint, terminal);
      if (!last) line.append(kGap, ' ');
    }
    drop_trailing_spaces(line);
    text += line + '\n';
  };
  add_line([&](std::size_t column) {
    return TableCell(std::string(columns_[column].title), Paint::Dim);
  });
  for (const auto& row : rows_) add_line([&](std::size_t column) { return row[column]; });
  return text;
}

std::vector<std::size_t> Table::widths_within(int terminal_width) const {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    std::size_t width = display_width(columns_[column].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[column].text));
    widths.push_back(width);
  }
  const auto room = static_cast<std::size_t>(std::max(1, terminal_width));
  const std::size_t gaps = kGap * (columns_.size() - 1);
  while (std::accumulate(widths.begin(), widths.end(), gaps) > room) {
    std::optional<std::size_t> widest;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      const std::size_t least = columns_[column].shrinks_to;
      if (least == 0 || widths[column] <= least) continue;
      if (!widest || widths[column] > widths[*widest]) widest = column;
    }
    if (!widest) break;
    --widths[*widest];
  }
  return widths;
}

}  // namespace furrow::cli
