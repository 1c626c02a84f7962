#include "common/image/mask.h"

#include <algorithm>
#include <cstdint>
#include <deque>

#include "common/base/check.h"
#include "common/image/blur.h"
#include "common/image/fit.h"

namespace furrow::image {
namespace {

/// One axis of a rectangle: [begin, end).
struct Span {
  int begin = 0;
  int end = 0;
};

/// The span made `length` long around its middle, moved to lie within [0, limit), and cut there.
Span expanded(Span span, int length, int limit) {
  const int more = std::max(0, length - (span.end - span.begin));
  span.begin -= more / 2;
  span.end += more - more / 2;
  const int beyond = std::max(0, span.end - limit);
  span = {span.begin - beyond, span.end - beyond};
  if (span.begin < 0) span = {0, span.end - span.begin};
  span.end = std::min(span.end, limit);
  return span;
}

/// The largest of every window of 2 · pixels + 1 values, by a queue of candidates that only falls
/// (Lemire 2006, arXiv:cs/0610046).
void running_maximum(std::uint8_t* values, int count, std::size_t stride, int pixels) {
  const auto at = [&](int i) -> std::uint8_t& {
    return values[static_cast<std::size_t>(i) * stride];
  };
  std::vector<std::uint8_t> original;
  for (int i = 0; i < count; ++i) original.push_back(at(i));
  const auto value_of = [&](int i) { return original[static_cast<std::size_t>(i)]; };
  std::deque<int> candidates;
  for (int i = 0; i < count + pixels; ++i) {
    if (i < count) {
      while (!candidates.empty() && value_of(candidates.back()) <= value_of(i))
        candidates.pop_back();
      candidates.push_back(i);
    }
    const int middle = i - pixels;
    if (middle < 0) continue;
    while (candidates.front() < middle - pixels) candidates.pop_front();
    at(middle) = value_of(candidates.front());
  }
}

std::uint8_t mixed(unsigned below, unsigned above, unsigned share) {
  return static_cast<std::uint8_t>((below * (255 - share) + above * share + 127) / 255);
}

}  // namespace

GreyImage inverted(GreyImage mask) {
  for (auto& value : mask.grey) value = static_cast<std::uint8_t>(255 - value);
  return mask;
}

GreyImage binarised(GreyImage mask, int threshold) {
  for (auto& value : mask.grey) value = value >= threshold ? 255 : 0;
  return mask;
}

GreyImage blurred(const GreyImage& mask, double sigma_x, double sigma_y) {
  return to_grey_image(
      gaussian_blur(to_float(mask), {.sigma_x = sigma_x, .sigma_y = sigma_y, .reach = 2.5}));
}

GreyImage grown(const GreyImage& mask, int pixels) {
  FURROW_CHECK(pixels >= 0 && pixels <= kMaxGrowth, "a mask grows by 0 to kMaxGrowth pixels");
  GreyImage result = mask;
  const auto width = static_cast<std::size_t>(mask.width);
  for (std::size_t y = 0; y < static_cast<std::size_t>(mask.height); ++y)
    running_maximum(result.grey.data() + y * width, mask.width, 1, pixels);
  for (std::size_t x = 0; x < width; ++x)
    running_maximum(result.grey.data() + x, mask.height, width, pixels);
  return result;
}

GreyImage overlay_mask(GreyImage mask) {
  for (auto& value : mask.grey) value = static_cast<std::uint8_t>(std::min(2 * value, 255));
  return mask;
}

std::optional<Region> bounding_box(const GreyImage& mask) {
  Span columns{mask.width, 0};
  Span rows{mask.height, 0};
  for (int y = 0; y < mask.height; ++y) {
    const auto* row =
        mask.grey.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width);
    for (int x = 0; x < mask.width; ++x) {
      if (row[x] == 0) continue;
      columns = {std::min(columns.begin, x), std::max(columns.end, x + 1)};
      rows = {std::min(rows.begin, y), y + 1};
    }
  }
  if (columns.end == 0) return std::nullopt;
  return Region{columns.begin, rows.begin, columns.end - columns.begin, rows.end - rows.begin};
}

std::optional<Region> only_masked_region(const GreyImage& mask, int padding, int width,
                                         int height) {
  FURROW_CHECK(padding >= 0 && width > 0 && height > 0,
               "padding is not negative and the rendered size has a pixel");
  const auto box = bounding_box(mask);
  if (!box) return std::nullopt;
  const auto padded = [&](int begin, int length, int limit) {
    return Span{std::max(0, begin - std::min(begin, padding)),
                begin + length + std::min(limit - begin - length, padding)};
  };
  Span columns = padded(box->left, box->width, mask.width);
  Span rows = padded(box->top, box->height, mask.height);
  const std::int64_t columns_length = columns.end - columns.begin;
  const std::int64_t rows_length = rows.end - rows.begin;
  // Lengths beyond the picture's are cut to it anyway, which keeps them small numbers.
  if (columns_length * height > rows_length * width) {
    const std::int64_t wanted = columns_length * height / width;
    rows =
        expanded(rows, static_cast<int>(std::min<std::int64_t>(wanted, mask.height)), mask.height);
  } else {
    const std::int64_t wanted = rows_length * width / height;
    columns =
        expanded(columns, static_cast<int>(std::min<std::int64_t>(wanted, mask.width)), mask.width);
  }
  return Region{columns.begin, rows.begin, columns.end - columns.begin, rows.end - rows.begin};
}

Image composite(const Image& below, const Image& above, const GreyImage& mask) {
  FURROW_CHECK(below.width == above.width && below.width == mask.width &&
                   below.height == above.height && below.height == mask.height,
               "pictures to lay over one another are of one size");
  Image result = below;
  for (std::size_t i = 0; i < result.rgb.size(); ++i)
    result.rgb[i] = mixed(below.rgb[i], above.rgb[i], mask.grey[i / 3]);
  return result;
}

Image pasted_back(const Image& picture, const Image& rendered, const Region& region,
                  const GreyImage& mask) {
  FURROW_CHECK(picture.width == mask.width && picture.height == mask.height,
               "the mask is as large as the picture");
  const Image part = composite(crop(picture, region),
                               fit(rendered, region.width, region.height, v1::RESIZE_MODE_CROP),
                               crop(mask, region));
  Image result = picture;
  const std::size_t row_bytes = static_cast<std::size_t>(region.width) * 3;
  for (int y = 0; y < region.height; ++y)
    std::copy_n(part.rgb.data() + static_cast<std::size_t>(y) * row_bytes, row_bytes,
                result.rgb.data() + (static_cast<std::size_t>(region.top + y) *
                                         static_cast<std::size_t>(picture.width) +
                                     static_cast<std::size_t>(region.left)) *
                                        3);
  return result;
}

}  // namespace furrow::image
