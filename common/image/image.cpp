#include "common/image/image.h"

#include <algorithm>
#include <span>

#include "common/base/check.h"

namespace furrow::image {
namespace {

std::size_t pixel_count(int width, int height) {
  FURROW_CHECK(width >= 0 && height >= 0, "a picture has no negative side");
  return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
}

std::vector<std::uint8_t> cropped(std::span<const std::uint8_t> pixels, int width, int height,
                                  std::size_t channels, const Region& region) {
  FURROW_CHECK(region.left >= 0 && region.top >= 0 && region.width > 0 && region.height > 0 &&
                   region.left <= width - region.width && region.top <= height - region.height,
               "a region to crop lies inside the picture");
  const std::size_t row_bytes = static_cast<std::size_t>(region.width) * channels;
  std::vector<std::uint8_t> inside;
  inside.reserve(row_bytes * static_cast<std::size_t>(region.height));
  for (int y = 0; y < region.height; ++y) {
    const auto row = pixels.subspan(
        (pixel_count(width, region.top + y) + static_cast<std::size_t>(region.left)) * channels,
        row_bytes);
    inside.insert(inside.end(), row.begin(), row.end());
  }
  return inside;
}

}  // namespace

Image Image::filled(int width, int height, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  Image image{width, height, {}};
  image.rgb.resize(pixel_count(width, height) * 3);
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    image.rgb[i] = r;
    image.rgb[i + 1] = g;
    image.rgb[i + 2] = b;
  }
  return image;
}

GreyImage GreyImage::filled(int width, int height, std::uint8_t value) {
  return {width, height, std::vector<std::uint8_t>(pixel_count(width, height), value)};
}

Picture Picture::of_rgba(int width, int height, const std::vector<std::uint8_t>& rgba) {
  FURROW_CHECK(rgba.size() == pixel_count(width, height) * 4, "a pixel of RGBA has four bytes");
  Picture picture{Image::filled(width, height, 0, 0, 0), GreyImage::filled(width, height, 0)};
  for (std::size_t pixel = 0; pixel < rgba.size() / 4; ++pixel) {
    std::copy_n(rgba.data() + pixel * 4, 3, picture.image.rgb.data() + pixel * 3);
    picture.alpha->grey[pixel] = rgba[pixel * 4 + 3];
  }
  return picture;
}

Image over_white(Picture picture) {
  Image image = std::move(picture.image);
  if (!picture.alpha) return image;
  for (std::size_t pixel = 0; pixel < picture.alpha->grey.size(); ++pixel) {
    const unsigned alpha = picture.alpha->grey[pixel];
    for (std::size_t i = pixel * 3; i < pixel * 3 + 3; ++i)
      image.rgb[i] =
          static_cast<std::uint8_t>((image.rgb[i] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
  return image;
}

GreyImage to_grey(const Image& image) {
  GreyImage grey = GreyImage::filled(image.width, image.height, 0);
  // 0.299, 0.587 and 0.114 as parts of 65536; their sum is 65536, so that grey stays what it is.
  for (std::size_t pixel = 0; pixel < grey.grey.size(); ++pixel) {
    const std::uint8_t* rgb = image.rgb.data() + pixel * 3;
    grey.grey[pixel] = static_cast<std::uint8_t>(
        (rgb[0] * 19595U + rgb[1] * 38470U + rgb[2] * 7471U + 0x8000U) >> 16);
  }
  return grey;
}

Image to_rgb(const GreyImage& grey) {
  Image image{grey.width, grey.height, {}};
  image.rgb.reserve(grey.grey.size() * 3);
  for (const std::uint8_t value : grey.grey) image.rgb.insert(image.rgb.end(), 3, value);
  return image;
}

Image crop(const Image& image, const Region& region) {
  return {region.width, region.height, cropped(image.rgb, image.width, image.height, 3, region)};
}

GreyImage crop(const GreyImage& grey, const Region& region) {
  return {region.width, region.height, cropped(grey.grey, grey.width, grey.height, 1, region)};
}

}  // namespace furrow::image
