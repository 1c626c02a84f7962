#include "common/image/blur.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "common/base/check.h"

namespace furrow::image {
namespace {

/// [2 · radius + 1], their sum is 1.
std::vector<float> kernel_of(double sigma, double reach) {
  const int radius = std::max(1, static_cast<int>(std::lround(sigma * reach)));
  std::vector<double> weights;
  double sum = 0;
  for (int i = -radius; i <= radius; ++i) {
    weights.push_back(std::exp(-0.5 * i * i / (sigma * sigma)));
    sum += weights.back();
  }
  std::vector<float> kernel;
  for (const double weight : weights) kernel.push_back(static_cast<float>(weight / sum));
  return kernel;
}

/// Where a position outside [0, length) is read.
int inside(int at, int length, Border border) {
  if (border == Border::Repeat || length == 1) return std::clamp(at, 0, length - 1);
  const int period = 2 * (length - 1);
  at = std::abs(at) % period;
  return at < length ? at : period - at;
}

/// `line` is one row of `count` positions of `channels` values each, blurred in place.
void blur_row(std::span<float> line, int count, int channels, std::span<const float> kernel,
              Border border, std::vector<float>& padded) {
  const int radius = static_cast<int>(kernel.size() / 2);
  padded.clear();
  for (int at = -radius; at < count + radius; ++at) {
    const auto first = line.begin() + std::ptrdiff_t{inside(at, count, border)} * channels;
    padded.insert(padded.end(), first, first + channels);
  }
  std::fill(line.begin(), line.end(), 0.0F);
  const auto stride = static_cast<std::size_t>(channels);
  for (std::size_t tap = 0; tap < kernel.size(); ++tap) {
    const float* from = padded.data() + tap * stride;
    for (std::size_t i = 0; i < line.size(); ++i) line[i] += kernel[tap] * from[i];
  }
}

void blur_rows(FloatImage& picture, std::span<const float> kernel, Border border) {
  const std::size_t row_values =
      static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.channels);
  std::vector<float> padded;
  for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y)
    blur_row(std::span(picture.values).subspan(y * row_values, row_values), picture.width,
             picture.channels, kernel, border, padded);
}

/// A row at a time, so that memory is read along rows.
void blur_columns(FloatImage& picture, std::span<const float> kernel, Border border) {
  const std::size_t row_values =
      static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.channels);
  const int radius = static_cast<int>(kernel.size() / 2);
  std::vector<float> blurred(picture.values.size(), 0.0F);
  for (int y = 0; y < picture.height; ++y) {
    float* out = blurred.data() + static_cast<std::size_t>(y) * row_values;
    for (int tap = -radius; tap <= radius; ++tap) {
      const int from_y = inside(y + tap, picture.height, border);
      const float* from = picture.values.data() + static_cast<std::size_t>(from_y) * row_values;
      const float weight = kernel[static_cast<std::size_t>(tap + radius)];
      for (std::size_t i = 0; i < row_values; ++i) out[i] += weight * from[i];
    }
  }
  picture.values = std::move(blurred);
}

std::vector<std::uint8_t> rounded(const std::vector<float>& values) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(values.size());
  for (const float value : values)
    bytes.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F))));
  return bytes;
}

}  // namespace

FloatImage to_float(const Image& image) {
  return {image.width, image.height, 3, {image.rgb.begin(), image.rgb.end()}};
}

FloatImage to_float(const GreyImage& grey) {
  return {grey.width, grey.height, 1, {grey.grey.begin(), grey.grey.end()}};
}

Image to_image(const FloatImage& picture) {
  FURROW_CHECK(picture.channels == 3, "a picture of RGB has three channels");
  return {picture.width, picture.height, rounded(picture.values)};
}

GreyImage to_grey_image(const FloatImage& picture) {
  FURROW_CHECK(picture.channels == 1, "a grey picture has one channel");
  return {picture.width, picture.height, rounded(picture.values)};
}

FloatImage gaussian_blur(FloatImage picture, const Gaussian& gaussian, Border border) {
  const auto is_sigma = [](double sigma) { return sigma >= 0 && sigma <= kMaxSigma; };
  FURROW_CHECK(is_sigma(gaussian.sigma_x) && is_sigma(gaussian.sigma_y),
               "a blur's sigma is 0 to kMaxSigma");
  if (gaussian.sigma_x > 0) blur_rows(picture, kernel_of(gaussian.sigma_x, gaussian.reach), border);
  if (gaussian.sigma_y > 0)
    blur_columns(picture, kernel_of(gaussian.sigma_y, gaussian.reach), border);
  return picture;
}

}  // namespace furrow::image
