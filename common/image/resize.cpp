#include "common/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include "common/base/check.h"

namespace furrow::image {
namespace {

/// uint8 [height, width, channels].
struct Pixels {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<std::uint8_t> bytes;

  const std::uint8_t* row(int y) const {
    return bytes.data() + static_cast<std::size_t>(y) * row_bytes();
  }

  std::uint8_t* row(int y) { return bytes.data() + static_cast<std::size_t>(y) * row_bytes(); }

  std::size_t row_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
};

Pixels blank(int width, int height, int channels) {
  Pixels pixels{width, height, channels, {}};
  pixels.bytes.resize(pixels.row_bytes() * static_cast<std::size_t>(height));
  return pixels;
}

// ---- filters

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

double support_of(Filter filter) {
  switch (filter) {
    case Filter::Nearest:
    case Filter::Box:
      return 0.5;
    case Filter::Bilinear:
      return 1;
    case Filter::Bicubic:
      return 2;
    case Filter::Lanczos:
      return 3;
  }
  return 0;
}

/// The weight at a distance from the centre.
double weight_of(Filter filter, double x) {
  switch (filter) {
    case Filter::Nearest:
    case Filter::Box:
      return x > -0.5 && x <= 0.5 ? 1 : 0;
    case Filter::Bilinear:
      return std::max(0.0, 1 - std::abs(x));
    case Filter::Bicubic:
      return cubic(x);
    case Filter::Lanczos:
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
  return 0;
}

// ---- one axis

/// 8 bits of value and 2 of headroom for negative lobes leave so many of 32 for fractions.
constexpr int kFractionBits = 32 - 8 - 2;

/// The source pixels that one result pixel is made of, and their weights of kFractionBits.
struct Tap {
  int first = 0;
  std::vector<std::int32_t> weights;
};

Tap nearest_tap(int from, int to, int at) {
  return {static_cast<int>((2 * std::int64_t{at} + 1) * from / (2 * std::int64_t{to})),
          {1 << kFractionBits}};
}

Tap filter_tap(int from, int to, int at, Filter filter) {
  const double scale = static_cast<double>(from) / to;
  const double stretch = std::max(scale, 1.0);
  const double support = support_of(filter) * stretch;
  const double center = (at + 0.5) * scale;
  const int first = std::max(static_cast<int>(center - support + 0.5), 0);
  const int last = std::min(static_cast<int>(center + support + 0.5), from);
  std::vector<double> weights;
  double sum = 0;
  for (int i = first; i < last; ++i) {
    weights.push_back(weight_of(filter, (i - center + 0.5) * (1 / stretch)));
    sum += weights.back();
  }
  Tap tap{first, {}};
  for (const double weight : weights) {
    const double share = sum == 0 ? weight : weight / sum;
    tap.weights.push_back(
        static_cast<std::int32_t>(share * (1 << kFractionBits) + (share < 0 ? -0.5 : 0.5)));
  }
  return tap;
}

/// The taps of result pixels [begin, begin + count) of an axis of `to` pixels.
std::vector<Tap> taps_of(int from, int to, int begin, int count, Filter filter) {
  std::vector<Tap> taps;
  taps.reserve(static_cast<std::size_t>(count));
  for (int at = begin; at < begin + count; ++at)
    taps.push_back(filter == Filter::Nearest ? nearest_tap(from, to, at)
                                             : filter_tap(from, to, at, filter));
  return taps;
}

int end_of(const Tap& tap) {
  return tap.first + static_cast<int>(tap.weights.size());
}

/// The weighted sum of values `stride` bytes apart, rounded and held within 8 bits.
std::uint8_t weighed(const std::uint8_t* values, std::size_t stride, const Tap& tap) {
  std::int32_t sum = 1 << (kFractionBits - 1);
  for (const std::int32_t weight : tap.weights) {
    sum += weight * *values;
    values += stride;
  }
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

// ---- two passes

/// Rows [begin, end) of `source` with their width resized.
Pixels resize_rows(const Pixels& source, const std::vector<Tap>& taps, int begin, int end) {
  const auto channels = static_cast<std::size_t>(source.channels);
  Pixels result = blank(static_cast<int>(taps.size()), end - begin, source.channels);
  for (int y = begin; y < end; ++y) {
    std::uint8_t* out = result.row(y - begin);
    for (const Tap& tap : taps) {
      const std::uint8_t* first = source.row(y) + static_cast<std::size_t>(tap.first) * channels;
      for (std::size_t channel = 0; channel < channels; ++channel)
        *out++ = weighed(first + channel, channels, tap);
    }
  }
  return result;
}

/// `begin` is the row of the picture that is row 0 of `source`.
Pixels resize_columns(const Pixels& source, const std::vector<Tap>& taps, int begin) {
  Pixels result = blank(source.width, static_cast<int>(taps.size()), source.channels);
  const std::size_t row_bytes = source.row_bytes();
  for (std::size_t y = 0; y < taps.size(); ++y) {
    const std::uint8_t* first = source.row(taps[y].first - begin);
    std::uint8_t* out = result.row(static_cast<int>(y));
    for (std::size_t x = 0; x < row_bytes; ++x) out[x] = weighed(first + x, row_bytes, taps[y]);
  }
  return result;
}

Pixels resize_pixels(const Pixels& source, int width, int height, const Region& window,
                     Filter filter) {
  FURROW_CHECK(source.width > 0 && source.height > 0, "a picture to resize has a pixel");
  FURROW_CHECK(window.left >= 0 && window.top >= 0 && window.width > 0 && window.height > 0 &&
                   window.left <= width - window.width && window.top <= height - window.height,
               "the window lies inside the resized picture");
  // A side that keeps its length keeps its values: a filter of no stretch gives one full weight.
  const auto columns = taps_of(source.width, width, window.left, window.width, filter);
  const auto rows = taps_of(source.height, height, window.top, window.height, filter);
  const int begin = rows.front().first;
  const int end = end_of(*std::max_element(
      rows.begin(), rows.end(), [](const Tap& a, const Tap& b) { return end_of(a) < end_of(b); }));
  return resize_columns(resize_rows(source, columns, begin, end), rows, begin);
}

}  // namespace

Image resize(const Image& image, int width, int height, Filter filter) {
  return resize_window(image, width, height, {0, 0, width, height}, filter);
}

GreyImage resize(const GreyImage& grey, int width, int height, Filter filter) {
  return resize_window(grey, width, height, {0, 0, width, height}, filter);
}

Image resize_window(const Image& image, int width, int height, const Region& window,
                    Filter filter) {
  if (image.width == width && image.height == height) return crop(image, window);
  auto resized =
      resize_pixels({image.width, image.height, 3, image.rgb}, width, height, window, filter);
  return {resized.width, resized.height, std::move(resized.bytes)};
}

GreyImage resize_window(const GreyImage& grey, int width, int height, const Region& window,
                        Filter filter) {
  if (grey.width == width && grey.height == height) return crop(grey, window);
  auto resized =
      resize_pixels({grey.width, grey.height, 1, grey.grey}, width, height, window, filter);
  return {resized.width, resized.height, std::move(resized.bytes)};
}

}  // namespace furrow::image
