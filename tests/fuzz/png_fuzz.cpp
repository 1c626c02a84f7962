#include <cstdint>
#include <string>

#include <zlib.h>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/image/png.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace furrow;

std::size_t big_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

// With right checksums, which no fuzzer finds: what lies behind them is to be tested as well.
std::string repaired(std::string png) {
  constexpr std::size_t kSignatureBytes = 8;
  constexpr std::size_t kFrameBytes = 12;  // length, type, checksum
  for (std::size_t at = kSignatureBytes; at + kFrameBytes <= png.size();) {
    const auto length = big_endian(std::string_view(png).substr(at, 4));
    if (length > png.size() - at - kFrameBytes) break;
    const auto* body = reinterpret_cast<const Bytef*>(png.data() + at + 4);
    const auto sum = crc32_z(0, body, 4 + length);
    for (std::size_t i = 0; i < 4; ++i) {
      png[at + 8 + length + i] = static_cast<char>(sum >> (24 - 8 * i) & 0xFF);
    }
    at += kFrameBytes + length;
  }
  return png;
}

}  // namespace

// A picture, whose checksums are put right. A decoded one is whole, and is the same when it is
// encoded and decoded again.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = repaired(std::string(fuzz::FuzzInput(data, size).rest()));

  const auto texts = image::read_png_texts(bytes);
  const auto decoded = image::decode_png(bytes);

  FURROW_CHECK(texts.has_value() || !decoded.has_value(), "a picture's texts can be read");
  if (!decoded) return 0;
  const auto& picture = decoded->image;
  FURROW_CHECK(picture.width > 0 && picture.height > 0, "a picture has pixels");
  FURROW_CHECK(picture.rgb.size() == static_cast<std::size_t>(picture.width) *
                                         static_cast<std::size_t>(picture.height) * 3,
               "a picture is whole");
  FURROW_CHECK(*texts == decoded->texts, "texts are the same without pixels");
  for (const auto& text : *texts) {
    FURROW_CHECK(is_valid_utf8(text.key), "a key can be shown");
  }
  constexpr std::size_t kMostToEncode = std::size_t{1} << 16;
  if (picture.rgb.size() > kMostToEncode) return 0;
  const auto again = image::decode_png(image::encode_png(picture, {}, image::PngEffort::Fast));
  FURROW_CHECK(again.has_value() && again->image == picture, "encoding loses nothing");
  return 0;
}
