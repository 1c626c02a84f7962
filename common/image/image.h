#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace furrow::image {

/// A picture in memory: uint8 RGB, [height, width, 3], rows from the top, no padding.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;

  static Image filled(int width, int height, std::uint8_t r, std::uint8_t g, std::uint8_t b);
  bool operator==(const Image&) const = default;
};

/// One channel in memory: uint8, [height, width], rows from the top, no padding. As a mask 255 is
/// made anew and 0 is kept; as transparency 255 is opaque.
struct GreyImage {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> grey;

  static GreyImage filled(int width, int height, std::uint8_t value);
  bool operator==(const GreyImage&) const = default;
};

/// Colours and, where the file has it, transparency of the same size. The colours are not
/// multiplied by it.
struct Picture {
  Image image;
  std::optional<GreyImage> alpha;

  /// `rgba` is [height, width, 4].
  static Picture of_rgba(int width, int height, const std::vector<std::uint8_t>& rgba);
  bool operator==(const Picture&) const = default;
};

/// A rectangle of a picture, in pixels from its top left corner.
struct Region {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;

  bool operator==(const Region&) const = default;
};

/// The picture as it lies on white paper.
Image over_white(Picture picture);

/// Luminance by ITU-R BT.601, as Pillow's conversion to "L" rounds it: 0.299 R + 0.587 G + 0.114 B.
GreyImage to_grey(const Image& image);

/// The same grey in each of the three channels.
Image to_rgb(const GreyImage& grey);

/// Requires: the region has a pixel and lies inside the picture.
Image crop(const Image& image, const Region& region);
GreyImage crop(const GreyImage& grey, const Region& region);

}  // namespace furrow::image
