#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/spec/grid.h"

namespace furrow::sheet {

/// Where a cell stands, counted in cells, sub-grids and bands.
struct Place {
  std::uint64_t column = 0;
  std::uint64_t row = 0;
  std::uint64_t subgrid = 0;
  std::uint64_t band = 0;

  bool operator==(const Place&) const = default;
};

/// Which axis plays which part on the sheet: one across, one down, one for the sub-grids in a row,
/// and the others together for the bands below each other. Borrows the grid.
class Arrangement {
 public:
  /// Axes play the roles that their plan gives them, and those without one make bands. When no axis
  /// has a role they are X, Y and Z in their order. Of two axes with one role the first has it.
  explicit Arrangement(const spec::Grid& grid);

  std::uint64_t columns() const { return length_of(x_); }

  std::uint64_t rows() const { return length_of(y_); }

  std::uint64_t subgrids() const { return length_of(z_); }

  std::uint64_t bands() const;

  /// Requires: index < grid.cell_count().
  Place place(std::uint64_t index) const;

  /// The texts of an axis' values, in their order; empty when no axis plays the part. A band's text
  /// is that of all its axes: "Steps: 20 · Euler a".
  std::vector<std::string> column_labels() const { return labels_of(x_); }

  std::vector<std::string> row_labels() const { return labels_of(y_); }

  std::vector<std::string> subgrid_labels() const { return labels_of(z_); }

  std::vector<std::string> band_labels() const;

 private:
  using MaybeAxis = std::optional<std::size_t>;

  std::uint64_t length_of(MaybeAxis axis) const { return axis ? grid_.lengths()[*axis] : 1; }

  std::vector<std::string> labels_of(MaybeAxis axis) const;

  const spec::Grid& grid_;
  MaybeAxis x_;
  MaybeAxis y_;
  MaybeAxis z_;
  std::vector<std::size_t> band_axes_;  // fastest first
};

}  // namespace furrow::sheet
