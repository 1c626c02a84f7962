#include "common/image/webp.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <webp/encode.h>

#include "common/image/exif.h"
#include "common/image/webp_chunks.h"
#include "tests/image/picture_builder.h"
#include "tests/image/png_builder.h"

namespace furrow::image {
namespace {

using std::string_literals::operator""s;
using testing::HasSubstr;

std::string error_of(const std::string& webp, const PictureLimits& limits = {}) {
  const auto decoded = decode_webp(webp, limits);
  return decoded ? "decoded" : decoded.error().message;
}

std::string lossless(const Image& image, std::string_view exif = {}) {
  return encode_webp(image, {.is_lossless = true}, exif).value();
}

TEST(Webp, LosslessFilesGiveExactlyWhatWasWritten) {
  for (const auto& [width, height] : {std::pair(1, 1), {17, 5}, {64, 48}}) {
    const Image image = noise(width, height, 3);

    const auto decoded = decode_webp(lossless(image), {});

    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->image, image);
    EXPECT_FALSE(decoded->alpha);
  }
}

TEST(Webp, LossyFilesAreNear) {
  const Image image = gradient(64, 48);

  const auto decoded = decode_webp(encode_webp(image, {.quality = 95}).value(), {});

  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_LE(difference(decoded->image, image), 24);
}

TEST(Webp, TransparencyIsKeptBesideTheColours) {
  const std::vector<std::uint8_t> rgba = {10, 20, 30, 0x80, 40, 50, 60, 0xFF};
  std::uint8_t* bytes = nullptr;
  const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), 2, 1, 8, &bytes);

  const auto decoded = decode_webp(std::string(reinterpret_cast<const char*>(bytes), size), {});
  WebPFree(bytes);

  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, Picture::of_rgba(2, 1, rgba));
}

TEST(Webp, AnimationsAreRefused) {
  const std::string animation =
      "RIFF\x1E\0\0\0WEBPVP8X\x0A\0\0\0\x02\0\0\0\x07\0\0\x07\0\0"s + "ANIM\x06\0\0\0\0\0\0\0\0\0"s;

  EXPECT_THAT(error_of(animation), HasSubstr("animation"));
}

TEST(Webp, AFileCutOffAnywhereIsAnError) {
  for (const std::string& webp :
       {lossless(noise(20, 20, 1)), encode_webp(noise(20, 20, 1), {.quality = 50}).value()}) {
    for (std::size_t length = 0; length < webp.size(); ++length) {
      const auto decoded = decode_webp(webp.substr(0, length), {});
      ASSERT_FALSE(decoded) << "at " << length << " of " << webp.size();
      EXPECT_EQ(decoded.error().kind, ErrorKind::Invalid);
    }
  }
}

TEST(Webp, OtherBytesAreNoWebp) {
  EXPECT_THAT(error_of("RIFF\x10\0\0\0WEBPjunkjunkjunkjunk"s), HasSubstr("WebP"));
  EXPECT_FALSE(is_webp("RIFF\x10\0\0\0WAVEjunk"s));
  EXPECT_FALSE(is_webp("RIFFWEBP"));
}

TEST(Webp, SizesAboveTheLimitsAreRefused) {
  const std::string webp = lossless(gradient(40, 20));

  EXPECT_EQ(error_of(webp, {.pixels = 800, .side = 40}), "decoded");
  EXPECT_THAT(error_of(webp, {.pixels = 799}), HasSubstr("40x20 pixels"));
  EXPECT_THAT(error_of(webp, {.side = 39}), HasSubstr("no side may be longer than 39"));
}

TEST(Webp, TheExifBlockComesBackAndThePixelsStay) {
  for (const std::string text : {"a cat", "even", "odd 1", ""}) {
    const std::string block = exif_of_comment(text);

    const std::string webp = lossless(gradient(9, 7), block);

    EXPECT_EQ(find_webp_exif(webp), block);
    EXPECT_EQ(decode_webp(webp, {}).value().image, gradient(9, 7));
  }
  EXPECT_EQ(find_webp_exif(lossless(gradient(9, 7))), std::nullopt);
}

TEST(Webp, SidesThatTheFormatCannotHoldAreRefused) {
  const auto encoded = encode_webp(Image::filled(16'384, 1, 0, 0, 0), {});

  ASSERT_FALSE(encoded);
  EXPECT_THAT(encoded.error().message, HasSubstr("at most 16383 pixels"));
}

}  // namespace
}  // namespace furrow::image
