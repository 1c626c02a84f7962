#include "common/image/image.h"

#include "common/base/check.h"

namespace furrow::image {

Image Image::filled(int width, int height, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  FURROW_CHECK(width >= 0 && height >= 0, "a picture has no negative side");
  Image image{width, height, {}};
  image.rgb.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    image.rgb[i] = r;
    image.rgb[i + 1] = g;
    image.rgb[i + 2] = b;
  }
  return image;
}

}  // namespace furrow::image
