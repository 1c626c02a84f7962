#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/image/image.h"
#include "common/image/limits.h"

namespace furrow::image {

/// Lossy and lossless, with or without transparency. An animation is refused: which of its frames
/// is meant, only its owner knows. Errors: Invalid, when the bytes are no WebP, an animation, cut
/// off or corrupt, or the picture is larger than the limits; OutOfMemory.
Result<Picture> decode_webp(std::string_view bytes, const PictureLimits& limits);

/// The TIFF of the Exif chunk; a view into `bytes`. Nothing without one, and when the chunks are
/// malformed.
std::optional<std::string_view> find_webp_exif(std::string_view bytes);

struct WebpOptions {
  int quality = 90;          ///< 0 to 100; of a lossless file it is the effort
  bool is_lossless = false;  ///< keeps every pixel
};

/// @param exif  an Exif block, or empty for none
/// Errors: Invalid, when a side is longer than the 16383 pixels of a WebP; OutOfMemory.
/// Requires: a picture of at least one pixel.
Result<std::string> encode_webp(const Image& image, const WebpOptions& options,
                                std::string_view exif = {});

}  // namespace furrow::image
