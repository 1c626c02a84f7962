#pragma once

#include "common/base/result.h"
#include "common/image/image.h"

/// What lies under the mask when a run begins, as far as it is decided in pixels.
namespace furrow::image {

/// Masked content "fill": what is masked takes the colours around it. The kept pixels are blurred
/// with ever smaller radii (256, 64, 16, 4 and 2 pixels) and laid over one another, the finest
/// last, as A1111 does; where nothing is kept the picture is black. Requires: one size. The mask is
/// 255 where the picture is made anew.
Image filled_from_around(const Image& image, const GreyImage& mask);

/// How many pixels a picture is extended by on each side.
struct Extension {
  int left = 0;
  int right = 0;
  int up = 0;
  int down = 0;
  /// Pixels of the old picture along each extended side that are made anew as well, so that no
  /// seam is seen. A1111's outpainting takes twice its mask blur.
  int overlap = 0;
};

struct Outpainting {
  Image image;     ///< the border's pixels continue over what is new
  GreyImage mask;  ///< 255 where the picture is new or overlapped
};

/// A picture extended for outpainting. Errors: Invalid, when a number is negative, nothing is
/// extended, or the result is larger than PictureLimits allow (limits.h).
Result<Outpainting> extended(const Image& image, const Extension& extension);

}  // namespace furrow::image
