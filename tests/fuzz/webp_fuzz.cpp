#include <cstdint>
#include <string>

#include "common/base/check.h"
#include "common/image/webp.h"
#include "tests/fuzz/fuzz_input.h"

// A WebP. A decoded one is whole, within the limits, and is the same when it is written without
// loss and read again.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  constexpr image::PictureLimits kSmall{.pixels = 1 << 18, .side = 2048};
  constexpr std::size_t kMostToEncode = std::size_t{1} << 12;
  const std::string_view bytes = fuzz::FuzzInput(data, size).rest();

  const auto exif = image::find_webp_exif(bytes);
  FURROW_CHECK(!exif || exif->empty() ||
                   (exif->data() > bytes.data() &&
                    exif->data() + exif->size() <= bytes.data() + bytes.size()),
               "an Exif block lies inside its file");
  const auto picture = image::decode_webp(bytes, kSmall);
  if (!picture) return 0;
  const auto& [colours, alpha] = *picture;
  const auto pixels =
      static_cast<std::size_t>(colours.width) * static_cast<std::size_t>(colours.height);
  FURROW_CHECK(pixels > 0 && pixels <= static_cast<std::size_t>(kSmall.pixels),
               "a picture has pixels, and no more than are allowed");
  FURROW_CHECK(colours.rgb.size() == pixels * 3, "a picture is whole");
  FURROW_CHECK(!alpha || (alpha->width == colours.width && alpha->grey.size() == pixels),
               "transparency is of the picture's size");
  if (colours.rgb.size() > kMostToEncode) return 0;
  const auto encoded = image::encode_webp(colours, {.is_lossless = true}, exif.value_or(""));
  FURROW_CHECK(encoded.has_value(), "what was read can be written");
  const auto again = image::decode_webp(*encoded, kSmall);
  FURROW_CHECK(again.has_value() && again->image == colours, "encoding loses nothing");
  return 0;
}
