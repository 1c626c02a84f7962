#pragma once

#include <vector>

#include "common/image/image.h"

namespace furrow::image {

/// Largest sigma of any blur, in pixels.
inline constexpr double kMaxSigma = 256;

/// A picture of real numbers: [height, width, channels], rows from the top.
struct FloatImage {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<float> values;
};

/// Values 0 to 255, unchanged.
FloatImage to_float(const Image& image);
FloatImage to_float(const GreyImage& grey);

/// Rounded, and held within 0 to 255. Requires: three channels, and one.
Image to_image(const FloatImage& picture);
GreyImage to_grey_image(const FloatImage& picture);

/// What lies outside a picture while it is blurred: its pixels mirrored at the border, or the
/// border itself.
enum class Border { Mirror, Repeat };

/// A Gaussian's standard deviations in pixels, along either axis; 0 leaves an axis as it is.
/// `reach` is how many of them the kernel extends to either side, rounded to whole pixels.
struct Gaussian {
  double sigma_x = 0;
  double sigma_y = 0;
  double reach = 4;
};

/// Convolution with a Gaussian. Requires: sigmas of 0 to kMaxSigma.
FloatImage gaussian_blur(FloatImage picture, const Gaussian& gaussian,
                         Border border = Border::Mirror);

}  // namespace furrow::image
