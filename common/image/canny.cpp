#include "common/image/canny.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

namespace furrow::image {
namespace {

struct Gradient {
  int dx = 0;
  int dy = 0;
};

int length_of(const Gradient& gradient) {
  return std::abs(gradient.dx) + std::abs(gradient.dy);
}

/// One value a pixel of [height, width]; outside there are the type's zeros.
template <typename T>
struct Field {
  int width = 0;
  int height = 0;
  std::vector<T> values;

  Field(int w, int h)
      : width(w), height(h), values(static_cast<std::size_t>(w) * static_cast<std::size_t>(h)) {}

  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(x);
  }

  bool is_inside(int x, int y) const { return x >= 0 && y >= 0 && x < width && y < height; }

  T at(int x, int y) const { return is_inside(x, y) ? values[index(x, y)] : T(); }
};

/// Sobel's 3x3 derivatives, the border repeated.
Field<Gradient> gradients_of(const Image& image) {
  Field<Gradient> gradients(image.width, image.height);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const int columns[] = {std::max(x - 1, 0), x, std::min(x + 1, image.width - 1)};
      const int rows[] = {std::max(y - 1, 0), y, std::min(y + 1, image.height - 1)};
      Gradient& longest = gradients.values[gradients.index(x, y)];
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const auto value = [&](int column, int row) {
          return int{image.rgb[gradients.index(columns[column], rows[row]) * 3 + channel]};
        };
        const Gradient gradient{
            value(2, 0) - value(0, 0) + 2 * (value(2, 1) - value(0, 1)) + value(2, 2) - value(0, 2),
            value(0, 2) - value(0, 0) + 2 * (value(1, 2) - value(1, 0)) + value(2, 2) -
                value(2, 0)};
        if (length_of(gradient) > length_of(longest)) longest = gradient;
      }
    }
  }
  return gradients;
}

/// Whether the gradient's length is greatest along its own direction, rounded to 45 degrees. Of two
/// equal neighbours the first one along a row or column counts.
bool is_ridge(const Field<int>& lengths, const Gradient& gradient, int x, int y) {
  constexpr int kShift = 15;
  constexpr std::int64_t kTan22 = 13573;  // tan(22.5°) · 2^15
  const int length = lengths.at(x, y);
  const std::int64_t dx = std::abs(gradient.dx);
  const std::int64_t dy = std::int64_t{std::abs(gradient.dy)} << kShift;
  const std::int64_t flat = dx * kTan22;
  const std::int64_t steep = flat + (dx << (kShift + 1));  // tan(67.5°) = tan(22.5°) + 2
  if (dy < flat) return length > lengths.at(x - 1, y) && length >= lengths.at(x + 1, y);
  if (dy > steep) return length > lengths.at(x, y - 1) && length >= lengths.at(x, y + 1);
  const int side = (gradient.dx < 0) != (gradient.dy < 0) ? -1 : 1;
  return length > lengths.at(x - side, y - 1) && length > lengths.at(x + side, y + 1);
}

/// What begins an edge, and all that continues it.
GreyImage follow(const Field<int>& lengths, const Field<std::uint8_t>& ridges, int high) {
  GreyImage edges = GreyImage::filled(ridges.width, ridges.height, 0);
  std::vector<std::pair<int, int>> open;
  const auto take = [&](int x, int y) {
    if (ridges.at(x, y) == 0 || edges.grey[ridges.index(x, y)] != 0) return;
    edges.grey[ridges.index(x, y)] = 255;
    open.emplace_back(x, y);
  };
  for (int y = 0; y < ridges.height; ++y) {
    for (int x = 0; x < ridges.width; ++x) {
      if (lengths.at(x, y) > high) take(x, y);
      while (!open.empty()) {
        const auto [from_x, from_y] = open.back();
        open.pop_back();
        for (int dy = -1; dy <= 1; ++dy)
          for (int dx = -1; dx <= 1; ++dx) take(from_x + dx, from_y + dy);
      }
    }
  }
  return edges;
}

}  // namespace

GreyImage canny(const Image& image, const CannyThresholds& thresholds) {
  const auto [low, high] = std::minmax(thresholds.low, thresholds.high);
  const Field<Gradient> gradients = gradients_of(image);
  Field<int> lengths(image.width, image.height);
  std::transform(gradients.values.begin(), gradients.values.end(), lengths.values.begin(),
                 length_of);
  Field<std::uint8_t> ridges(image.width, image.height);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const std::size_t i = ridges.index(x, y);
      if (lengths.values[i] > low && is_ridge(lengths, gradients.values[i], x, y))
        ridges.values[i] = 1;
    }
  }
  return follow(lengths, ridges, high);
}

}  // namespace furrow::image
