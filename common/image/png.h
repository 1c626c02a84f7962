#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/image/image.h"
#include "common/image/limits.h"

namespace furrow::image {

/// Largest PNG that decode_png decodes, in pixels: sheets of our own are larger than what people
/// bring.
inline constexpr std::int64_t kMaxPixels = 512'000'000;

/// One text of a PNG. Written as tEXt where the text is Latin-1 and as uncompressed iTXt (UTF-8)
/// otherwise, which is what Pillow does and all readers expect; `as_itxt` forces iTXt.
struct PngText {
  std::string key;
  std::string text;      ///< UTF-8; a NUL and stray bytes are written as U+FFFD
  bool as_itxt = false;  ///< as read: it was an iTXt

  bool operator==(const PngText&) const = default;
};

struct DecodedPng {
  Image image;
  std::vector<PngText> texts;  ///< of tEXt, zTXt and iTXt chunks, in their order, as UTF-8
};

/// Fast takes a third of the time for a fifth more bytes.
enum class PngEffort { Fast, Normal };

/// Requires: a picture of at least one pixel; keys of 1 to 79 characters of Latin-1.
std::string encode_png(const Image& image, const std::vector<PngText>& texts,
                       PngEffort effort = PngEffort::Normal);

/// Errors: Invalid, when the bytes are no PNG, are cut off or corrupt, or the picture is too large;
/// OutOfMemory. Grey, palette, 16-bit and transparent pictures are turned into 8-bit RGB
/// (transparency over white).
Result<DecodedPng> decode_png(std::string_view bytes);

/// Colours and transparency as the file has them, 8-bit; texts are not read. Errors: Invalid, as
/// decode_png, and when the picture is larger than the limits; OutOfMemory.
Result<Picture> decode_png_picture(std::string_view bytes, const PictureLimits& limits);

/// Only the texts, without decoding pixels. Errors: Invalid, as decode_png.
Result<std::vector<PngText>> read_png_texts(std::string_view bytes);

}  // namespace furrow::image
