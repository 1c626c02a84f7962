#pragma once

#include <cstddef>
#include <cstdint>
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

}  // namespace furrow::image
