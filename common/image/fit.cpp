#include "common/image/fit.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/base/check.h"

namespace furrow::image {
namespace {

/// Of whole numbers, as A1111 rounds it; at least one pixel, however thin the picture is.
int scaled(int length, int to, int from) {
  return std::max(1, static_cast<int>(std::int64_t{length} * to / from));
}

/// The resized picture in a frame of the result's size, its border continued where it is smaller.
std::vector<std::uint8_t> continued(const std::vector<std::uint8_t>& pixels, int channels,
                                    const Placement& place, int width, int height) {
  std::vector<std::uint8_t> framed;
  framed.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height * channels));
  for (int y = 0; y < height; ++y) {
    const int from_y = std::clamp(y - place.top, 0, place.height - 1);
    for (int x = 0; x < width; ++x) {
      const int from_x = std::clamp(x - place.left, 0, place.width - 1);
      const auto* first = pixels.data() + (static_cast<std::size_t>(from_y) *
                                               static_cast<std::size_t>(place.width) +
                                           static_cast<std::size_t>(from_x)) *
                                              static_cast<std::size_t>(channels);
      framed.insert(framed.end(), first, first + channels);
    }
  }
  return framed;
}

/// The part of the resized picture that the result shows.
Region shown_part(const Placement& place, int width, int height) {
  return {std::max(0, -place.left), std::max(0, -place.top), std::min(width, place.width),
          std::min(height, place.height)};
}

}  // namespace

Placement placement(int from_width, int from_height, int width, int height, v1::ResizeMode mode) {
  for (const int side : {from_width, from_height, width, height})
    FURROW_CHECK(side > 0 && side <= kMaxFitSide, "a side to fit is 1 to kMaxFitSide");
  if (mode != v1::RESIZE_MODE_CROP && mode != v1::RESIZE_MODE_FILL) return {width, height, 0, 0};
  const bool is_wider =
      std::int64_t{width} * from_height > std::int64_t{from_width} * height;  // the result
  const bool follows_width = is_wider == (mode == v1::RESIZE_MODE_CROP);
  Placement place{width, height, 0, 0};
  if (follows_width)
    place.height = scaled(from_height, width, from_width);
  else
    place.width = scaled(from_width, height, from_height);
  place.left = width / 2 - place.width / 2;
  place.top = height / 2 - place.height / 2;
  return place;
}

Image fit(const Image& image, int width, int height, v1::ResizeMode mode) {
  const Placement place = placement(image.width, image.height, width, height, mode);
  const Image resized = resize_window(image, place.width, place.height,
                                      shown_part(place, width, height), Filter::Lanczos);
  if (resized.width == width && resized.height == height) return resized;
  return {width, height, continued(resized.rgb, 3, place, width, height)};
}

GreyImage fit(const GreyImage& mask, int width, int height, v1::ResizeMode mode) {
  const Placement place = placement(mask.width, mask.height, width, height, mode);
  const GreyImage resized = resize_window(mask, place.width, place.height,
                                          shown_part(place, width, height), Filter::Lanczos);
  if (resized.width == width && resized.height == height) return resized;
  return {width, height, continued(resized.grey, 1, place, width, height)};
}

}  // namespace furrow::image
