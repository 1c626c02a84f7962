#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/image/image.h"
#include "common/spec/grid.h"

/// The picture composed of a job's cells: X across, Y down, Z as a row of sub-grids, further axes
/// as bands below.
namespace furrow::sheet {

/// What stands where a cell's picture should be.
struct CellPicture {
  std::optional<image::Image> image;  ///< absent: a placeholder is drawn
  /// Its text: "pending", "failed: out of memory", …; the first word decides the colour.
  std::string placeholder;
};

struct SheetOptions {
  std::string title{};  ///< drawn on top when not empty
  /// Cells are scaled down until their longer side is this; 0: only as the limits below ask for it.
  int max_cell_px = 0;
  int max_sheet_px = 32'000;              ///< no side of the sheet is longer
  std::int64_t max_pixels = 200'000'000;  ///< of the whole sheet, which takes three bytes for each
  int margin_px = 4;                      ///< between cells
};

/// Draws the sheet. `cell(index)` is asked once a cell, in index order, so that pictures need not
/// be in memory together. Labels are wrapped to their cell and shrunk until they fit; any script
/// that the system has a font for. Errors: Invalid when the grid is too large for any sheet within
/// the limits (with the number of cells that fits).
Result<image::Image> compose(const spec::Grid& grid,
                             const std::function<Result<CellPicture>(std::uint64_t)>& cell,
                             const SheetOptions& options);

}  // namespace furrow::sheet
