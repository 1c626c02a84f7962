#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/image/image.h"
#include "common/image/limits.h"

namespace furrow::image {

/// Most scans of a progressive JPEG. Encoders write about ten; each costs a walk over all pixels,
/// which makes a small file of many scans a bomb.
inline constexpr int kMaxJpegScans = 100;

/// Most bytes of an Exif block: a marker's segment holds no more.
inline constexpr std::size_t kMaxJpegExif = 65'533 - 6;

/// Grey and CMYK become RGB, the latter without a colour profile and as Adobe's programs write it
/// (inverted). Errors: Invalid, when the bytes are no JPEG, are cut off or cannot be decoded, or
/// the picture is larger than the limits; OutOfMemory. Damage inside the pixels that the decoder
/// can step over is no error, as in browsers.
Result<Image> decode_jpeg(std::string_view bytes, const PictureLimits& limits);

/// The TIFF of the first Exif block before the pixels, without "Exif\0\0"; a view into `bytes`.
/// Nothing without one, and when the segments are malformed.
std::optional<std::string_view> find_jpeg_exif(std::string_view bytes);

/// Baseline JPEG with full colour resolution above a quality of 90 and half of it below.
///
/// @param quality  1 to 100
/// @param exif     an Exif block without "Exif\0\0", or empty for none
/// Errors: Invalid, when the block is larger than kMaxJpegExif or a side is longer than 65500.
/// Requires: a picture of at least one pixel.
Result<std::string> encode_jpeg(const Image& image, int quality, std::string_view exif = {});

}  // namespace furrow::image
