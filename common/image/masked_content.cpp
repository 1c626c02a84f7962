#include "common/image/masked_content.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "common/base/check.h"
#include "common/image/blur.h"
#include "common/image/limits.h"

namespace furrow::image {
namespace {

/// Colours multiplied by how much is kept, and that share as a fourth channel, all 0 to 255.
FloatImage kept_pixels(const Image& image, const GreyImage& mask) {
  FloatImage kept{image.width, image.height, 4, {}};
  kept.values.reserve(mask.grey.size() * 4);
  for (std::size_t pixel = 0; pixel < mask.grey.size(); ++pixel) {
    const float share = static_cast<float>(255 - mask.grey[pixel]) / 255.0F;
    for (std::size_t i = pixel * 3; i < pixel * 3 + 3; ++i)
      kept.values.push_back(static_cast<float>(image.rgb[i]) * share);
    kept.values.push_back(255.0F * share);
  }
  return kept;
}

/// One running mean of `length` (not whole: the outermost pixels count in part) along values
/// `stride` apart, the border repeated.
void box_blur_line(float* values, int count, std::size_t stride, double length) {
  const int radius = static_cast<int>((length - 1) / 2);
  const double edge = (length - 1) / 2 - radius;
  std::vector<float> line;
  for (int i = 0; i < count; ++i) line.push_back(values[static_cast<std::size_t>(i) * stride]);
  const auto at = [&](int i) {
    return double{line[static_cast<std::size_t>(std::clamp(i, 0, count - 1))]};
  };
  double sum = 0;
  for (int i = -radius; i <= radius; ++i) sum += at(i);
  for (int i = 0; i < count; ++i) {
    const double outermost = at(i - radius - 1) + at(i + radius + 1);
    values[static_cast<std::size_t>(i) * stride] =
        static_cast<float>((sum + edge * outermost) / length);
    sum += at(i + radius + 1) - at(i - radius);
  }
}

/// A Gaussian by three running means whose variances add up to its own: the cost does not grow with
/// sigma (Gwosdek et al. 2011, "Theoretical Foundations of Gaussian Convolution by Extended Box
/// Filtering").
FloatImage wide_blur(FloatImage picture, double sigma) {
  constexpr int kPasses = 3;
  // The extended box of whole radius r and fraction a has this variance; r is the largest below.
  const double variance = sigma * sigma / kPasses;
  const double radius = std::floor((std::sqrt(12 * variance + 1) - 1) / 2);
  const double fraction = (2 * radius + 1) * (radius * (radius + 1) - 3 * variance) /
                          (6 * (variance - (radius + 1) * (radius + 1)));
  const double length = 2 * (radius + fraction) + 1;
  const auto channels = static_cast<std::size_t>(picture.channels);
  const std::size_t row = static_cast<std::size_t>(picture.width) * channels;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y)
      for (std::size_t channel = 0; channel < channels; ++channel)
        box_blur_line(picture.values.data() + y * row + channel, picture.width, channels, length);
    for (std::size_t x = 0; x < row; ++x)
      box_blur_line(picture.values.data() + x, picture.height, row, length);
  }
  return picture;
}

/// `above` over `below`, `times` times; both are multiplied by their share.
void lay_over(FloatImage& below, const FloatImage& above, int times) {
  for (std::size_t pixel = 0; pixel < below.values.size(); pixel += 4) {
    const float* top = above.values.data() + pixel;
    float* bottom = below.values.data() + pixel;
    for (int time = 0; time < times; ++time) {
      const float rest = 1 - top[3] / 255.0F;
      for (int channel = 0; channel < 4; ++channel)
        bottom[channel] = top[channel] + bottom[channel] * rest;
    }
  }
}

}  // namespace

Image filled_from_around(const Image& image, const GreyImage& mask) {
  FURROW_CHECK(image.width == mask.width && image.height == mask.height,
               "the mask is as large as the picture");

  struct Layer {
    double radius;
    int times;
  };

  constexpr Layer kLayers[] = {{256, 1}, {64, 1}, {16, 2}, {4, 4}, {2, 2}};

  const FloatImage kept = kept_pixels(image, mask);
  FloatImage filled{image.width, image.height, 4, std::vector<float>(kept.values.size())};
  for (const Layer& layer : kLayers) lay_over(filled, wide_blur(kept, layer.radius), layer.times);
  lay_over(filled, kept, 1);

  Image result = image;
  for (std::size_t pixel = 0; pixel < mask.grey.size(); ++pixel) {
    const float* value = filled.values.data() + pixel * 4;
    // Far from all that is kept the share is small; its colour counts nevertheless.
    const float scale = value[3] > 0 ? 255.0F / value[3] : 0.0F;
    for (std::size_t channel = 0; channel < 3; ++channel)
      result.rgb[pixel * 3 + channel] =
          static_cast<std::uint8_t>(std::lround(std::clamp(value[channel] * scale, 0.0F, 255.0F)));
  }
  return result;
}

Result<Outpainting> extended(const Image& image, const Extension& extension) {
  const auto& [left, right, up, down, overlap] = extension;
  if (std::min({left, right, up, down, overlap}) < 0)
    return fail(ErrorKind::Invalid, "A picture is extended by 0 pixels or more on each side.");
  if (std::max({left, right, up, down}) == 0)
    return fail(ErrorKind::Invalid,
                "Nothing is to be extended: give pixels for at least one side.");
  const std::int64_t wide = std::int64_t{image.width} + left + right;
  const std::int64_t high = std::int64_t{image.height} + up + down;
  FURROW_TRY_VOID(check_size("extended picture", wide, high, {}));

  const auto width = static_cast<int>(wide);
  const auto height = static_cast<int>(high);
  Outpainting result{{width, height, {}}, GreyImage::filled(width, height, 255)};
  result.image.rgb.reserve(result.mask.grey.size() * 3);
  const auto is_old = [&](int at, int length, int before, int after) {
    return at >= (before > 0 ? extension.overlap : 0) &&
           at < length - (after > 0 ? extension.overlap : 0);
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int old_x = x - left;
      const int old_y = y - up;
      const auto from = static_cast<std::size_t>(std::clamp(old_y, 0, image.height - 1)) *
                            static_cast<std::size_t>(image.width) +
                        static_cast<std::size_t>(std::clamp(old_x, 0, image.width - 1));
      const auto* rgb = image.rgb.data() + from * 3;
      result.image.rgb.insert(result.image.rgb.end(), rgb, rgb + 3);
      if (is_old(old_x, image.width, left, right) && is_old(old_y, image.height, up, down))
        result.mask.grey[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                         static_cast<std::size_t>(x)] = 0;
    }
  }
  return result;
}

}  // namespace furrow::image
