#pragma once

#include "common/image/image.h"

namespace furrow::image {

/// Thresholds of the gradient's length in the L1 norm (|dx| + |dy|), 0 to 2040 for 8-bit pictures.
/// Above `high` a pixel begins an edge, above `low` it continues one; swapped if low > high.
struct CannyThresholds {
  int low = 100;
  int high = 200;
};

/// Edges by Canny 1986, "A Computational Approach to Edge Detection", in the form of OpenCV's
/// Canny with aperture 3 and L2gradient off: Sobel gradients (of the channel with the longest one),
/// non-maximum suppression in four directions, hysteresis over eight neighbours. 255 is an edge,
/// else 0. The picture is not blurred.
GreyImage canny(const Image& image, const CannyThresholds& thresholds);

}  // namespace furrow::image
