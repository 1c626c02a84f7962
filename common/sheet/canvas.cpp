#include "common/sheet/canvas.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "common/base/check.h"

namespace furrow::sheet {
namespace {

Rect clipped(const image::Image& page, Rect box) {
  const int left = std::clamp(box.x, 0, page.width);
  const int top = std::clamp(box.y, 0, page.height);
  const int right = std::clamp(box.x + box.width, left, page.width);
  const int bottom = std::clamp(box.y + box.height, top, page.height);
  return {left, top, right - left, bottom - top};
}

std::size_t offset_of(const image::Image& image, int x, int y) {
  return (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) +
          static_cast<std::size_t>(x)) *
         3;
}

void set_pixel(image::Image& page, int x, int y, Color color) {
  std::uint8_t* const pixel = page.rgb.data() + offset_of(page, x, y);
  pixel[0] = color.r;
  pixel[1] = color.g;
  pixel[2] = color.b;
}

/// One side of an area mean: output i is the sum of inputs [first[i], first[i] + count) by weights.
struct Window {
  int first = 0;
  std::vector<float> weights;  // sum to 1
};

std::vector<Window> windows(int from, int to) {
  std::vector<Window> result;
  const double step = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    const double begin = i * step;
    const double end = std::min((i + 1) * step, static_cast<double>(from));
    Window window{static_cast<int>(begin), {}};
    for (int j = window.first; j < from && j < end; ++j) {
      const double covered = std::min<double>(j + 1, end) - std::max<double>(j, begin);
      if (covered > 1e-9) window.weights.push_back(static_cast<float>(covered / step));
    }
    result.push_back(std::move(window));
  }
  return result;
}

/// The means along one row of `picture`, [columns, 3].
void shrink_row(const image::Image& picture, int y, const std::vector<Window>& columns,
                std::vector<float>& row) {
  float* out = row.data();
  for (const Window& window : columns) {
    const std::uint8_t* in = picture.rgb.data() + offset_of(picture, window.first, y);
    float sum[3] = {};
    for (const float weight : window.weights)
      for (float& channel : sum) channel += weight * static_cast<float>(*in++);
    out = std::copy(std::begin(sum), std::end(sum), out);
  }
}

}  // namespace

void fill(image::Image& page, Rect box, Color color) {
  const Rect area = clipped(page, box);
  for (int y = area.y; y < area.y + area.height; ++y)
    for (int x = area.x; x < area.x + area.width; ++x) set_pixel(page, x, y, color);
}

void outline(image::Image& page, Rect box, Color color) {
  fill(page, {box.x - 1, box.y - 1, box.width + 2, 1}, color);
  fill(page, {box.x - 1, box.y + box.height, box.width + 2, 1}, color);
  fill(page, {box.x - 1, box.y, 1, box.height}, color);
  fill(page, {box.x + box.width, box.y, 1, box.height}, color);
}

void hatch(image::Image& page, Rect box, int spacing_px, Color ground, Color line) {
  const Rect area = clipped(page, box);
  const int line_px = std::max(1, spacing_px / 4);
  for (int y = area.y; y < area.y + area.height; ++y)
    for (int x = area.x; x < area.x + area.width; ++x)
      set_pixel(page, x, y, (x + y) % spacing_px < line_px ? line : ground);
}

void paste(image::Image& page, const image::Image& picture, int x, int y) {
  const Rect area = clipped(page, {x, y, picture.width, picture.height});
  for (int row = area.y; row < area.y + area.height; ++row) {
    const auto from =
        picture.rgb.begin() + static_cast<std::ptrdiff_t>(offset_of(picture, area.x - x, row - y));
    std::copy_n(from, area.width * 3,
                page.rgb.begin() + static_cast<std::ptrdiff_t>(offset_of(page, area.x, row)));
  }
}

image::Image shrink(const image::Image& picture, int width, int height) {
  FURROW_CHECK(0 < width && width <= picture.width && 0 < height && height <= picture.height,
               "a picture is only made smaller");
  const std::vector<Window> columns = windows(picture.width, width);
  const std::vector<Window> rows = windows(picture.height, height);
  image::Image small = image::Image::filled(width, height, 0, 0, 0);

  std::vector<float> row(static_cast<std::size_t>(width) * 3);
  std::vector<float> sum(row.size());
  int row_y = -1;  // which row of the picture `row` holds
  for (int y = 0; y < height; ++y) {
    std::fill(sum.begin(), sum.end(), 0.5F);  // rounds
    const Window& window = rows[static_cast<std::size_t>(y)];
    for (std::size_t i = 0; i < window.weights.size(); ++i) {
      const int from_y = window.first + static_cast<int>(i);
      if (from_y != row_y) shrink_row(picture, row_y = from_y, columns, row);
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += window.weights[i] * row[k];
    }
    std::uint8_t* out = small.rgb.data() + offset_of(small, 0, y);
    for (const float value : sum) *out++ = static_cast<std::uint8_t>(std::min(value, 255.0F));
  }
  return small;
}

}  // namespace furrow::sheet
