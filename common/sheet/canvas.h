#pragma once

#include <cstdint>

#include "common/image/image.h"

/// Pixels of a page: rectangles, hatching, pictures. Everything is clipped to the page.
namespace furrow::sheet {

struct Color {
  std::uint8_t r = 0;
  std::uint8_t g = 0;
  std::uint8_t b = 0;

  bool operator==(const Color&) const = default;
};

/// In pixels of the page, from its top left.
struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;

  bool operator==(const Rect&) const = default;
};

void fill(image::Image& page, Rect box, Color color);

/// A line of one pixel just outside `box`.
void outline(image::Image& page, Rect box, Color color);

/// Lines rising to the right, `spacing_px` apart and a quarter of it wide, on a ground.
void hatch(image::Image& page, Rect box, int spacing_px, Color ground, Color line);

/// Copies `picture` so that its top left comes to (x, y).
void paste(image::Image& page, const image::Image& picture, int x, int y);

/// `picture` made smaller: each pixel is the mean of the area it stands for, which keeps fine
/// detail from aliasing. Requires: 0 < width <= picture.width, and so for the height.
image::Image shrink(const image::Image& picture, int width, int height);

}  // namespace furrow::sheet
