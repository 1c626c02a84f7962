#pragma once

#include <optional>

#include "common/image/image.h"

/// Masks of inpainting as A1111 treats them: 255 is made anew, 0 is kept.
namespace furrow::image {

/// Largest number of pixels that a mask grows by.
inline constexpr int kMaxGrowth = 1024;

/// 255 − m.
GreyImage inverted(GreyImage mask);

/// 255 from `threshold` on, else 0.
GreyImage binarised(GreyImage mask, int threshold = 128);

/// Blurred by a Gaussian of `sigma_x` and `sigma_y` pixels whose kernel reaches 2.5 of them
/// ("Mask blur"). Requires: sigmas of 0 to kMaxSigma (blur.h); 0 leaves an axis as it is.
GreyImage blurred(const GreyImage& mask, double sigma_x, double sigma_y);

/// Every pixel becomes the largest within `pixels` in both axes: the mask grows by a square.
/// Requires: 0 to kMaxGrowth.
GreyImage grown(const GreyImage& mask, int pixels);

/// min(2 m, 255): the mask that a rendered whole picture is laid over its original with, so that
/// what the blur half covers is taken from the render.
GreyImage overlay_mask(GreyImage mask);

/// The smallest region with every pixel that is not 0; nothing when all are.
std::optional<Region> bounding_box(const GreyImage& mask);

/// The part of a picture that "only masked" renders: the mask's bounding box with `padding` pixels
/// on every side, made wider or higher to the proportions of `width` x `height` as far as the
/// picture reaches. Nothing when the mask is empty: the whole picture is rendered then.
/// Requires: padding is not negative; width and height are positive.
std::optional<Region> only_masked_region(const GreyImage& mask, int padding, int width, int height);

/// `above` where the mask is 255, `below` where it is 0, and a share of both in between.
/// Requires: one size.
Image composite(const Image& below, const Image& above, const GreyImage& mask);

/// The picture with what was rendered of a region in its place: resized to it (Lanczos, centred and
/// cut where the proportions differ) and laid over the original by the mask, which outside the
/// region counts as 0.
///
/// @param mask  of the picture's size, blurred already
/// Requires: the region lies inside the picture.
Image pasted_back(const Image& picture, const Image& rendered, const Region& region,
                  const GreyImage& mask);

}  // namespace furrow::image
