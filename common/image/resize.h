#pragma once

#include "common/image/image.h"

/// Resizing as Pillow does it for 8-bit pictures, to the last bit: a separable filter whose support
/// grows with the factor of shrinking, weights of 22 fractional bits, first along rows, then along
/// columns, each pass rounded to 8 bits.
namespace furrow::image {

/// By support on either side in pixels of the smaller grid: Box 0.5, Bilinear 1, Bicubic 2
/// (Keys 1981 with a = -0.5), Lanczos 3 (Duchon 1979). Nearest takes one pixel and no weights.
enum class Filter { Nearest, Box, Bilinear, Bicubic, Lanczos };

/// Requires: every picture here has at least one pixel, and so has the result.
Image resize(const Image& image, int width, int height, Filter filter);
GreyImage resize(const GreyImage& grey, int width, int height, Filter filter);

/// The `window` of resize(…), and no pixel beside it: what is cut off costs nothing.
/// Requires: the window has a pixel and lies inside width x height.
Image resize_window(const Image& image, int width, int height, const Region& window, Filter filter);
GreyImage resize_window(const GreyImage& grey, int width, int height, const Region& window,
                        Filter filter);

}  // namespace furrow::image
