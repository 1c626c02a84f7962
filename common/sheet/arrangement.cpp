#include "common/sheet/arrangement.h"

#include <algorithm>
#include <array>

namespace furrow::sheet {

Arrangement::Arrangement(const spec::Grid& grid) : grid_(grid) {
  const auto& axes = grid.plan().axes();
  const bool has_roles = std::ranges::any_of(
      axes, [](const v1::PlanAxis& axis) { return axis.role() != v1::AXIS_ROLE_UNSPECIFIED; });
  const std::array in_order = {v1::AXIS_ROLE_X, v1::AXIS_ROLE_Y, v1::AXIS_ROLE_Z};

  for (std::size_t i = 0; i < grid.lengths().size(); ++i) {
    v1::AxisRole role = axes[static_cast<int>(i)].role();
    if (!has_roles && i < in_order.size()) role = in_order[i];
    MaybeAxis* const part = role == v1::AXIS_ROLE_X   ? &x_
                            : role == v1::AXIS_ROLE_Y ? &y_
                            : role == v1::AXIS_ROLE_Z ? &z_
                                                      : nullptr;
    if (part != nullptr && !*part)
      *part = i;
    else
      band_axes_.push_back(i);
  }
}

std::uint64_t Arrangement::bands() const {
  std::uint64_t count = 1;
  for (const std::size_t axis : band_axes_) count *= grid_.lengths()[axis];
  return count;
}

Place Arrangement::place(std::uint64_t index) const {
  const std::vector<std::uint64_t> coordinates = grid_.coordinates(index);
  const auto along = [&](MaybeAxis axis) { return axis ? coordinates[*axis] : 0; };
  Place place{along(x_), along(y_), along(z_), 0};
  std::uint64_t stride = 1;
  for (const std::size_t axis : band_axes_) {
    place.band += coordinates[axis] * stride;
    stride *= grid_.lengths()[axis];
  }
  return place;
}

std::vector<std::string> Arrangement::labels_of(MaybeAxis axis) const {
  std::vector<std::string> labels;
  if (!axis) return labels;
  for (std::uint64_t i = 0; i < grid_.lengths()[*axis]; ++i)
    labels.push_back(grid_.coordinate_label(*axis, i));
  return labels;
}

std::vector<std::string> Arrangement::band_labels() const {
  std::vector<std::string> labels;
  if (band_axes_.empty()) return labels;
  for (std::uint64_t band = 0; band < bands(); ++band) {
    std::string label;
    std::uint64_t rest = band;
    for (const std::size_t axis : band_axes_) {
      if (!label.empty()) label += "  ·  ";
      label += grid_.coordinate_label(axis, rest % grid_.lengths()[axis]);
      rest /= grid_.lengths()[axis];
    }
    labels.push_back(std::move(label));
  }
  return labels;
}

}  // namespace furrow::sheet
