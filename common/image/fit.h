#pragma once

#include "common/image/image.h"
#include "common/image/resize.h"
#include "furrow/v1/recipe.pb.h"

/// How a picture of another size comes to a recipe's: A1111's resize modes, with Lanczos.
namespace furrow::image {

/// Longest side that a picture is fitted to or from, in pixels.
inline constexpr int kMaxFitSide = 32'768;

/// Where a picture lands when it comes to another size.
struct Placement {
  int width = 0;   ///< of the whole picture after resizing
  int height = 0;  ///< likewise
  int left = 0;    ///< of it in the result; negative where it sticks out
  int top = 0;     ///< likewise

  bool operator==(const Placement&) const = default;
};

/// STRETCH fills the result and ignores proportions. CROP covers it, centred, and sticks out along
/// one axis. FILL fits inside, centred, and leaves borders along one axis. UNSPECIFIED and LATENT
/// are as STRETCH: of the latter the picture is only what is shown, its latent is resized instead.
/// Requires: sides of 1 to kMaxFitSide.
Placement placement(int from_width, int from_height, int width, int height, v1::ResizeMode mode);

/// The picture at `width` x `height`. With FILL its first and last row (or column) continue over
/// the borders. Requires: sides of 1 to kMaxFitSide here and there.
Image fit(const Image& image, int width, int height, v1::ResizeMode mode);
GreyImage fit(const GreyImage& mask, int width, int height, v1::ResizeMode mode);

}  // namespace furrow::image
