#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output/console.h"

namespace furrow::cli {

enum class Align { Left, Right };

struct Column {
  std::string_view title;
  Align align = Align::Left;
  /// A column that may be cut to make the table fit, and the width it keeps; 0: never cut.
  std::size_t shrinks_to = 0;
};

/// A word of a table and how it is painted.
struct TableCell {
  std::string text;
  Paint paint = Paint::Plain;

  TableCell(std::string shown, Paint how = Paint::Plain) : text(std::move(shown)), paint(how) {}

  TableCell(const char* shown) : text(shown) {}
};

/// Rows under titles, columns as wide as their longest word, two spaces between. Too wide a table
/// is fitted to the terminal by cutting its widest shrinkable column first. Texts are made
/// printable here.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Requires: one cell a column.
  void add_row(std::vector<TableCell> cells);

  bool empty() const { return rows_.empty(); }

  /// The whole table, a line break after every row.
  std::string render(const Terminal& terminal) const;

 private:
  std::vector<std::size_t> widths_within(int terminal_width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<TableCell>> rows_;
};

}  // namespace furrow::cli
