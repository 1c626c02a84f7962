#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/sheet/arrangement.h"
#include "common/sheet/canvas.h"
#include "common/sheet/labels.h"
#include "common/sheet/sheet.h"

namespace furrow::sheet {

/// The longer side of a cell is never made smaller than this.
inline constexpr int kMinCellPx = 16;

/// All texts of a sheet, each fit for a label; empty lists where no axis plays the part.
struct SheetTexts {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::string> rows;
  std::vector<std::string> subgrids;
  std::vector<std::string> bands;
};

/// How many cells stand beside and below each other.
struct CellCounts {
  std::uint64_t columns = 1;
  std::uint64_t rows = 1;
  std::uint64_t subgrids = 1;
  std::uint64_t bands = 1;
};

/// Where everything on a sheet goes, in pixels. A plain value, computed once:
///
///   title
///   band label                                        ┐
///             sub-grid label        sub-grid label    │
///             column  column        column  column    ├ one band
///   row label [cell ] [cell ]       [cell ] [cell ]   │
///   row label [cell ] [cell ]       [cell ] [cell ]   ┘
///   band label …
class Layout {
 public:
  /// Whether a grid can fit at all: call before collecting texts, which are as many as it is long.
  /// Errors: Invalid, as make.
  static Result<void> check(const CellCounts& counts, Extent cell, const SheetOptions& options);

  /// Lays out cells of at most `cell` pixels, smaller where the limits of `options` ask for it.
  /// Errors: Invalid, when cells of kMinCellPx are still too many. Requires: check passed.
  static Result<Layout> make(LabelPainter& painter, const SheetTexts& texts,
                             const CellCounts& counts, Extent cell, const SheetOptions& options);

  int width() const { return width_; }

  int height() const { return height_; }

  /// How much smaller than life pictures are drawn, at most 1.
  double scale() const { return scale_; }

  Rect cell(const Place& place) const;

  Rect title() const;
  Rect band_label(std::uint64_t band) const;
  Rect subgrid_label(std::uint64_t band, std::uint64_t subgrid) const;
  Rect column_label(const Place& place) const;
  Rect row_label(std::uint64_t band, std::uint64_t row) const;

  /// Whether the margins have room for a line around each cell.
  bool has_hairlines() const { return margin_px_ >= 2; }

  /// Narrow columns have their labels turned.
  Reading column_reading() const { return column_reading_; }

  /// Where rows or columns are lower than a line of text, every n-th one is labelled.
  std::uint64_t row_label_step() const { return row_step_; }

  std::uint64_t column_label_step() const { return column_step_; }

  int title_font_px() const { return title_.font_px; }

  int band_font_px() const { return bands_.font_px; }

  int subgrid_font_px() const { return subgrids_.font_px; }

  int column_font_px() const { return columns_.font_px; }

  int row_font_px() const { return rows_.font_px; }

  /// What the other sizes are derived from; placeholders are written in it.
  int font_px() const { return font_px_; }

 private:
  /// Everything for one size of cells.
  Layout(LabelPainter& painter, const SheetTexts& texts, const CellCounts& counts, Extent cell,
         double scale, int margin_px);

  void choose_sizes();
  void fit_columns(LabelPainter& painter, const std::vector<std::string>& texts);
  void fit_rows(LabelPainter& painter, const std::vector<std::string>& texts);
  void fit_headings(LabelPainter& painter, const SheetTexts& texts);
  void stack();
  int column_label_width() const;
  int height_with_gap(const Fit& label) const;
  Rect subgrid(std::uint64_t band, std::uint64_t subgrid) const;

  // Given.
  CellCounts counts_;
  double scale_ = 1;
  Extent cell_;  // as drawn
  int margin_px_ = 0;

  // Chosen from the size of the cells.
  int font_px_ = 0;
  int padding_px_ = 0;      // around the sheet
  int label_gap_px_ = 0;    // between a label and what it labels
  int subgrid_gap_px_ = 0;  // between sub-grids
  int band_gap_px_ = 0;     // between bands
  Extent subgrid_;          // its cells and the margins between them

  // Measured; empty where there are no labels.
  Fit columns_;
  Fit rows_;
  Fit subgrids_;
  Fit bands_;
  Fit title_;
  Reading column_reading_ = Reading::LeftToRight;
  std::uint64_t column_step_ = 1;
  std::uint64_t row_step_ = 1;

  // Stacked.
  int content_width_ = 0;  // all that is between the paddings
  int row_labels_left_ = 0;
  int cells_left_ = 0;
  int bands_top_ = 0;
  int cells_top_ = 0;  // in a band
  int band_height_ = 0;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace furrow::sheet
