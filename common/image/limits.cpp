#include "common/image/limits.h"

#include <algorithm>

#include <fmt/format.h>

namespace furrow::image {

Result<void> check_size(std::string_view format, std::int64_t width, std::int64_t height,
                        const PictureLimits& limits) {
  if (width < 1 || height < 1)
    return fail(ErrorKind::Invalid, fmt::format("The {} is corrupt: it has no pixels.", format));
  if (std::max(width, height) > limits.side)
    return fail(ErrorKind::Invalid,
                fmt::format("The {} is {}x{} pixels; no side may be longer than {}. Make it "
                            "smaller first.",
                            format, width, height, limits.side));
  if (width * height > limits.pixels)
    return fail(ErrorKind::Invalid,
                fmt::format("The {} is {}x{} pixels; at most {} million are read. Make it smaller "
                            "first.",
                            format, width, height, limits.pixels / 1'000'000));
  return {};
}

}  // namespace furrow::image
