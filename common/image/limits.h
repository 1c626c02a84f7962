#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/result.h"

namespace furrow::image {

/// What a picture that somebody brings may be at most: guards against bombs, looked at before
/// memory is taken. The defaults hold any camera's picture.
struct PictureLimits {
  std::size_t bytes = std::size_t{128} << 20;  ///< of the file
  std::int64_t pixels = 64'000'000;
  std::int64_t side = 32'768;  ///< of either side, in pixels
};

/// `format` is the picture's, for the message ("PNG"). Errors: Invalid, when the picture has no
/// pixel or is larger than the limits.
Result<void> check_size(std::string_view format, std::int64_t width, std::int64_t height,
                        const PictureLimits& limits);

}  // namespace furrow::image
