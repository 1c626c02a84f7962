#include "common/image/line_art.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/image/blur.h"

namespace furrow::image {
namespace {

/// The least difference of a pixel's three channels: [height, width].
std::vector<float> least_difference(const FloatImage& from, const FloatImage& what) {
  std::vector<float> least;
  least.reserve(from.values.size() / 3);
  for (std::size_t i = 0; i < from.values.size(); i += 3)
    least.push_back(
        std::min({from.values[i] - what.values[i], from.values[i + 1] - what.values[i + 1],
                  from.values[i + 2] - what.values[i + 2]}));
  return least;
}

FloatImage surroundings(const Image& image, double sigma) {
  return gaussian_blur(to_float(image), {.sigma_x = sigma, .sigma_y = sigma});
}

/// The mean of the two middle values of an even number. 0 of none.
float median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 != 0) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace

GreyImage line_art(const Image& image, double sigma, double threshold) {
  constexpr float kLeastScale = 16;  // a picture without lines is not blown up to noise
  constexpr float kMedianBrightness = 127;
  std::vector<float> darker = least_difference(surroundings(image, sigma), to_float(image));
  std::vector<float> lines;
  for (float& value : darker) {
    value = std::clamp(value, 0.0F, 255.0F);
    if (value > static_cast<float>(threshold)) lines.push_back(value);
  }
  const float scale = kMedianBrightness / std::max(kLeastScale, median(std::move(lines)));
  GreyImage art{image.width, image.height, {}};
  art.grey.reserve(darker.size());
  for (const float value : darker)
    art.grey.push_back(static_cast<std::uint8_t>(std::min(value * scale, 255.0F)));
  return art;
}

GreyImage scribble(const Image& image, double threshold) {
  constexpr double kNarrowSigma = 0.5;
  constexpr double kWideSigma = 5;
  const auto darker =
      least_difference(surroundings(image, kWideSigma), surroundings(image, kNarrowSigma));
  GreyImage lines{image.width, image.height, {}};
  lines.grey.reserve(darker.size());
  for (const float value : darker) {
    // As in 8 bits: the rest to white is cut to a whole number before it is compared.
    const int rest = static_cast<int>(std::clamp(255 - value, 0.0F, 255.0F));
    lines.grey.push_back(2 * (255 - rest) > threshold ? 255 : 0);
  }
  return lines;
}

}  // namespace furrow::image
