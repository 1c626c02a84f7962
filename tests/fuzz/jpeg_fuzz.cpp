#include <cstdint>
#include <string>

#include "common/base/check.h"
#include "common/image/jpeg.h"
#include "tests/fuzz/fuzz_input.h"

// A JPEG. A decoded one is whole, within the limits, and can be written and read again.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  constexpr image::PictureLimits kSmall{.pixels = 1 << 18, .side = 2048};
  constexpr std::size_t kMostToEncode = std::size_t{1} << 16;
  const std::string_view bytes = fuzz::FuzzInput(data, size).rest();

  const auto exif = image::find_jpeg_exif(bytes);
  FURROW_CHECK(!exif || exif->empty() ||
                   (exif->data() > bytes.data() &&
                    exif->data() + exif->size() <= bytes.data() + bytes.size()),
               "an Exif block lies inside its file");
  const auto picture = image::decode_jpeg(bytes, kSmall);
  if (!picture) return 0;
  FURROW_CHECK(picture->width > 0 && picture->width <= kSmall.side && picture->height > 0 &&
                   picture->height <= kSmall.side,
               "a picture has pixels, and no more than are allowed");
  FURROW_CHECK(picture->rgb.size() == static_cast<std::size_t>(picture->width) *
                                          static_cast<std::size_t>(picture->height) * 3,
               "a picture is whole");
  if (picture->rgb.size() > kMostToEncode) return 0;
  const auto encoded = image::encode_jpeg(*picture, 50, exif.value_or(""));
  FURROW_CHECK(encoded.has_value(), "what was read can be written");
  const auto again = image::decode_jpeg(*encoded, kSmall);
  FURROW_CHECK(again.has_value() && again->width == picture->width, "and read again");
  return 0;
}
