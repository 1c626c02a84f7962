#pragma once

#include "common/image/image.h"

/// Lines of a picture without a network: differences of Gaussians, bright lines on black, as the
/// ControlNets of line art and scribbles were shown them.
namespace furrow::image {

/// "Lineart standard": how much darker a pixel is than its surroundings, in the channel where it is
/// so least, scaled so that the median of all lines becomes half of white.
///
/// @param sigma      of the surroundings in pixels, greater than 0 and at most kMaxSigma (blur.h)
/// @param threshold  differences above it count as lines for the median, 0 to 255
GreyImage line_art(const Image& image, double sigma, double threshold);

/// "Scribble XDoG": 255 where a narrow Gaussian (0.5 pixels) is darker than a wide one (5 pixels)
/// by more than half the threshold in every channel, else 0 (Winnemöller et al. 2012, "XDoG").
///
/// @param threshold  1 to 64; less gives more lines
GreyImage scribble(const Image& image, double threshold);

}  // namespace furrow::image
