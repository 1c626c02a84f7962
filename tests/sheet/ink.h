#pragma once

#include <algorithm>

#include "common/image/image.h"
#include "common/sheet/canvas.h"

namespace furrow::sheet {

inline Color pixel(const image::Image& page, int x, int y) {
  const auto at = (static_cast<std::size_t>(y) * static_cast<std::size_t>(page.width) +
                   static_cast<std::size_t>(x)) *
                  3;
  return {page.rgb[at], page.rgb[at + 1], page.rgb[at + 2]};
}

/// The smallest box around all pixels of `page` within `area` for which `matches(colour)`; of no
/// size where there are none.
template <typename Matches>
Rect bounds_of(const image::Image& page, Rect area, const Matches& matches) {
  int left = page.width, top = page.height, right = 0, bottom = 0;
  for (int y = std::max(0, area.y); y < std::min(page.height, area.y + area.height); ++y) {
    for (int x = std::max(0, area.x); x < std::min(page.width, area.x + area.width); ++x) {
      if (!matches(pixel(page, x, y))) continue;
      left = std::min(left, x);
      top = std::min(top, y);
      right = std::max(right, x + 1);
      bottom = std::max(bottom, y + 1);
    }
  }
  return right == 0 ? Rect{} : Rect{left, top, right - left, bottom - top};
}

/// Around what is darker than paper, hairlines and grounds: letters.
inline Rect ink_in(const image::Image& page, Rect area) {
  return bounds_of(page, area, [](Color c) { return c.r + c.g + c.b < 3 * 170; });
}

inline Rect whole(const image::Image& page) {
  return {0, 0, page.width, page.height};
}

}  // namespace furrow::sheet
