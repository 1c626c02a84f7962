#include "common/sheet/layout.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace furrow::sheet {
namespace {

/// No label is written smaller; below it letters run together.
constexpr int kMinFontPx = 10;
constexpr int kUsualFontPx = 12;

/// Of the fonts that are used, a line is about 1.4 times as high as the font is large.
constexpr int lines_px(double lines, int font_px) {
  return static_cast<int>(std::ceil(lines * 1.4 * font_px));
}

int times(double factor, int px) {
  return static_cast<int>(std::lround(factor * px));
}

int along(std::uint64_t count, int size, int gap) {
  return static_cast<int>(count) * (size + gap) - gap;
}

/// Small cells want letters that can be read as they are. A large sheet is looked at from afar, at
/// about 900 pixels wide, so letters grow with it as far as the cells leave room.
int font_for(Extent cell, int cells_across_px) {
  const int cell_px = (cell.width + cell.height) / 2;
  return std::clamp(std::max(cell_px / 16, std::min(cells_across_px / 85, cell_px / 6)),
                    kUsualFontPx, 96);
}

int smallest_font(int font_px) {
  return std::max(kMinFontPx, times(0.65, font_px));
}

/// The part of the limits that a sheet of this size takes up on its fullest side, turned over: 1 or
/// more is within them, and below it is what its sides must shrink by.
double room_left(double width, double height, const SheetOptions& options) {
  return std::min({options.max_sheet_px / width, options.max_sheet_px / height,
                   std::sqrt(static_cast<double>(options.max_pixels) / (width * height))});
}

int margin_of(const SheetOptions& options) {
  return std::clamp(options.margin_px, 0, 1024);
}

Unexpected too_many(const CellCounts& counts, const SheetOptions& options) {
  const auto pitch = static_cast<std::int64_t>(kMinCellPx + margin_of(options));
  const std::int64_t a_side = options.max_sheet_px / pitch;
  const std::int64_t cells = std::min(a_side * a_side, options.max_pixels / (pitch * pitch));
  return fail(
      ErrorKind::Invalid,
      fmt::format("The grid is {} cells wide and {} high, too large for one sheet: {} pixels a "
                  "side and {} megapixels hold at most {} cells, {} a side, without labels. "
                  "Draw fewer values of an axis.",
                  counts.columns * counts.subgrids, counts.rows * counts.bands,
                  options.max_sheet_px, options.max_pixels / 1'000'000, cells, a_side));
}

double cells_across(const CellCounts& counts) {
  return static_cast<double>(counts.columns) * static_cast<double>(counts.subgrids);
}

double cells_down(const CellCounts& counts) {
  return static_cast<double>(counts.rows) * static_cast<double>(counts.bands);
}

/// The scale at which the cells alone, without labels and margins, just keep to the limits.
double scale_of_cells(const CellCounts& counts, Extent cell, const SheetOptions& options) {
  return room_left(cells_across(counts) * cell.width, cells_down(counts) * cell.height, options);
}

}  // namespace

Result<void> Layout::check(const CellCounts& counts, Extent cell, const SheetOptions& options) {
  const int longer_px = std::max(cell.width, cell.height);
  const double scale = std::min(1.0, scale_of_cells(counts, cell, options));
  if (scale * longer_px < std::min(kMinCellPx, longer_px)) return too_many(counts, options);
  return {};
}

Result<Layout> Layout::make(LabelPainter& painter, const SheetTexts& texts,
                            const CellCounts& counts, Extent cell, const SheetOptions& options) {
  const int longer_px = std::max(cell.width, cell.height);
  double scale = std::min(1.0, scale_of_cells(counts, cell, options));
  if (options.max_cell_px > 0)
    scale = std::min(scale, static_cast<double>(options.max_cell_px) / longer_px);
  // Labels do not shrink in step with the cells, so this nears the limits in a few rounds.
  for (int round = 0; round < 16; ++round) {
    const Layout layout(painter, texts, counts, cell, scale, margin_of(options));
    const double room = room_left(layout.width_, layout.height_, options);
    if (room >= 1) return layout;
    scale *= room * 0.998;
    if (scale * longer_px < kMinCellPx) break;
  }
  return too_many(counts, options);
}

Layout::Layout(LabelPainter& painter, const SheetTexts& texts, const CellCounts& counts,
               Extent cell, double scale, int margin_px)
    : counts_(counts),
      scale_(scale),
      cell_{std::max(1, times(scale, cell.width)), std::max(1, times(scale, cell.height))},
      margin_px_(margin_px) {
  choose_sizes();
  fit_columns(painter, texts.columns);
  fit_rows(painter, texts.rows);
  fit_headings(painter, texts);
  stack();
}

void Layout::choose_sizes() {
  subgrid_ = {along(counts_.columns, cell_.width, margin_px_),
              along(counts_.rows, cell_.height, margin_px_)};
  font_px_ = font_for(cell_, subgrid_.width * static_cast<int>(counts_.subgrids));
  padding_px_ = times(1.2, font_px_);
  label_gap_px_ = std::max(margin_px_, times(0.5, font_px_));
  subgrid_gap_px_ = std::max(3 * margin_px_, times(1.6, font_px_));
  band_gap_px_ = std::max(4 * margin_px_, times(2, font_px_));
}

void Layout::fit_columns(LabelPainter& painter, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  const LabelStyle style{font_px_, Weight::Regular, {}};
  const int min_px = smallest_font(font_px_);
  if (cell_.width >= times(3.5, min_px)) {
    const int height = std::max(lines_px(4, font_px_), times(0.75, cell_.height));
    columns_ = fit_labels(painter, texts, style, min_px, {column_label_width(), height});
    return;
  }
  column_reading_ = Reading::BottomToTop;
  const int pitch = cell_.width + margin_px_;
  column_step_ = static_cast<std::uint64_t>((lines_px(1, min_px) + pitch - 1) / pitch);
  const int across = pitch * static_cast<int>(column_step_);
  columns_ = fit_labels(painter, texts, style, min_px, {times(16, font_px_), across});
  std::swap(columns_.extent.width, columns_.extent.height);
}

void Layout::fit_rows(LabelPainter& painter, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  const LabelStyle style{font_px_, Weight::Regular, {}};
  const int min_px = smallest_font(font_px_);
  const int pitch = cell_.height + margin_px_;
  row_step_ = static_cast<std::uint64_t>((lines_px(1, min_px) + pitch - 1) / pitch);
  const int height = std::max(cell_.height, pitch * static_cast<int>(row_step_) - margin_px_);

  const int usual_width = std::max(times(0.75, cell_.width), times(9, font_px_));
  for (const double factor : {1.0, 1.5, 2.25}) {
    const Fit fit = fit_labels(painter, texts, style, min_px, {times(factor, usual_width), height});
    if (!rows_.is_whole || fit.font_px > rows_.font_px) rows_ = fit;
    if (rows_.is_whole && rows_.font_px == font_px_) return;
  }
}

void Layout::fit_headings(LabelPainter& painter, const SheetTexts& texts) {
  const int row_labels = texts.rows.empty() ? 0 : rows_.extent.width + label_gap_px_;
  const int cells = along(counts_.subgrids, subgrid_.width, subgrid_gap_px_);
  content_width_ = row_labels + cells;

  const int heading_px = times(1.1, font_px_);
  const LabelStyle style{heading_px, Weight::Bold, {}};
  const int wide = std::max(content_width_, times(24, font_px_));
  if (!texts.subgrids.empty())
    subgrids_ = fit_labels(painter, texts.subgrids, style, smallest_font(heading_px),
                           {subgrid_.width, lines_px(3, heading_px)});
  if (!texts.bands.empty())
    bands_ = fit_labels(painter, texts.bands, style, smallest_font(heading_px),
                        {wide, lines_px(2, heading_px)});
  if (!texts.title.empty()) {
    const LabelStyle title{times(1.5, font_px_), Weight::Bold, {}};
    title_ =
        fit_labels(painter, {texts.title}, title, font_px_, {wide, lines_px(3, title.font_px)});
  }

  const int grid_width = content_width_;
  content_width_ = std::max({grid_width, bands_.extent.width, title_.extent.width});
  row_labels_left_ = padding_px_ + (content_width_ - grid_width) / 2;
  cells_left_ = row_labels_left_ + row_labels;
}

/// A little less than the cell, so that labels side by side do not run together.
int Layout::column_label_width() const {
  return cell_.width - std::min(times(0.5, font_px_), cell_.width / 12);
}

int Layout::height_with_gap(const Fit& label) const {
  return label.extent.height > 0 ? label.extent.height + label_gap_px_ : 0;
}

void Layout::stack() {
  bands_top_ = padding_px_;
  if (title_.extent.height > 0) bands_top_ += title_.extent.height + padding_px_;
  cells_top_ = height_with_gap(bands_) + height_with_gap(subgrids_) + height_with_gap(columns_);
  band_height_ = cells_top_ + subgrid_.height;
  width_ = content_width_ + 2 * padding_px_;
  height_ = bands_top_ + along(counts_.bands, band_height_, band_gap_px_) + padding_px_;
}

Rect Layout::subgrid(std::uint64_t band, std::uint64_t subgrid) const {
  const int left = cells_left_ + static_cast<int>(subgrid) * (subgrid_.width + subgrid_gap_px_);
  const int top = bands_top_ + static_cast<int>(band) * (band_height_ + band_gap_px_) + cells_top_;
  return {left, top, subgrid_.width, subgrid_.height};
}

Rect Layout::cell(const Place& place) const {
  const Rect grid = subgrid(place.band, place.subgrid);
  return {grid.x + static_cast<int>(place.column) * (cell_.width + margin_px_),
          grid.y + static_cast<int>(place.row) * (cell_.height + margin_px_), cell_.width,
          cell_.height};
}

Rect Layout::title() const {
  return {padding_px_, padding_px_, content_width_, title_.extent.height};
}

Rect Layout::band_label(std::uint64_t band) const {
  const int top = subgrid(band, 0).y - cells_top_;
  return {padding_px_, top, content_width_, bands_.extent.height};
}

Rect Layout::subgrid_label(std::uint64_t band, std::uint64_t number) const {
  const Rect grid = subgrid(band, number);
  const int bottom = grid.y - height_with_gap(columns_) - label_gap_px_;
  return {grid.x, bottom - subgrids_.extent.height, grid.width, subgrids_.extent.height};
}

Rect Layout::column_label(const Place& place) const {
  const Rect below = cell({place.column, 0, place.subgrid, place.band});
  const int top = below.y - height_with_gap(columns_);
  int width = std::max(below.width, columns_.extent.width);
  if (column_reading_ == Reading::LeftToRight) width = column_label_width();
  return {below.x + (below.width - width) / 2, top, width, columns_.extent.height};
}

Rect Layout::row_label(std::uint64_t band, std::uint64_t row) const {
  const Rect beside = cell({0, row, 0, band});
  const int height = std::max(beside.height, rows_.extent.height);
  return {row_labels_left_, beside.y + (beside.height - height) / 2, rows_.extent.width, height};
}

}  // namespace furrow::sheet
