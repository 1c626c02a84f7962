#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/image/image.h"

/// What the tests of pictures need beyond noise: something smooth that lossy formats keep.
namespace furrow::image {

/// Red grows to the right, green to the bottom; blue is the same everywhere.
inline Image gradient(int width, int height) {
  Image image = Image::filled(width, height, 0, 0, 90);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* rgb = image.rgb.data() + static_cast<std::size_t>(y * width + x) * 3;
      rgb[0] = static_cast<std::uint8_t>(x * 255 / std::max(1, width - 1));
      rgb[1] = static_cast<std::uint8_t>(y * 255 / std::max(1, height - 1));
    }
  }
  return image;
}

/// The largest difference of any value; 256 when the sizes differ.
inline int difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height) return 256;
  int worst = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i)
    worst = std::max(worst, std::abs(int{a.rgb[i]} - int{b.rgb[i]}));
  return worst;
}

/// An Exif block that says how the picture is turned.
inline std::string orientation_exif(int orientation) {
  using std::string_literals::operator""s;
  return "MM\0*\0\0\0\x08\0\1\x01\x12\0\x03\0\0\0\1\0"s + static_cast<char>(orientation) +
         "\0\0\0\0\0\0"s;
}

}  // namespace furrow::image
