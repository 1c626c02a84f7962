#include "common/image/jpeg.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <jpeglib.h>

#include "common/image/exif.h"
#include "tests/image/picture_builder.h"
#include "tests/image/png_builder.h"

namespace furrow::image {
namespace {

using std::string_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(const std::string& jpeg, const PictureLimits& limits = {}) {
  const auto decoded = decode_jpeg(jpeg, limits);
  return decoded ? "decoded" : decoded.error().message;
}

struct ForeignJpeg {
  J_COLOR_SPACE color_space = JCS_RGB;
  int channels = 3;
  bool is_progressive = false;
};

/// A JPEG of kinds that furrow does not write: one colour everywhere, at quality 100.
std::string foreign_jpeg(int width, int height, std::vector<JSAMPLE> color,
                         const ForeignJpeg& options) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.input_components = options.channels;
  jpeg.in_color_space = options.color_space;
  jpeg_set_defaults(&jpeg);
  if (options.color_space == JCS_CMYK && options.is_progressive)
    jpeg_set_colorspace(&jpeg, JCS_YCCK);
  jpeg_set_quality(&jpeg, 100, TRUE);
  if (options.is_progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  std::vector<JSAMPLE> row;
  for (int x = 0; x < width; ++x) row.insert(row.end(), color.begin(), color.end());
  JSAMPROW rows = row.data();
  for (int y = 0; y < height; ++y) jpeg_write_scanlines(&jpeg, &rows, 1);
  jpeg_finish_compress(&jpeg);
  std::string result(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&jpeg);
  std::free(bytes);
  return result;
}

TEST(Jpeg, WhatWasWrittenIsReadAgainNearly) {
  for (const auto& [width, height] : {std::pair(1, 1), {17, 5}, {64, 48}}) {
    const Image image = gradient(width, height);

    const auto decoded = decode_jpeg(encode_jpeg(image, 95).value(), {});

    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_LE(difference(*decoded, image), 12) << width << "x" << height;
  }
}

TEST(Jpeg, AHigherQualityIsNearerAndLarger) {
  const Image image = noise(64, 64, 1);

  const std::string low = encode_jpeg(image, 30).value();
  const std::string high = encode_jpeg(image, 98).value();

  EXPECT_LT(low.size(), high.size());
  EXPECT_LT(difference(decode_jpeg(high, {}).value(), image),
            difference(decode_jpeg(low, {}).value(), image));
}

TEST(Jpeg, GreyBecomesRgb) {
  const auto decoded =
      decode_jpeg(foreign_jpeg(2, 1, {77}, {.color_space = JCS_GRAYSCALE, .channels = 1}), {});

  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_THAT(decoded->rgb, ElementsAre(77, 77, 77, 77, 77, 77));
}

TEST(Jpeg, InvertedCmykBecomesRgb) {
  // Stored as light: all of cyan's, half of magenta's, none of yellow's; black lets 200 of 255
  // pass.
  const std::vector<JSAMPLE> cmyk = {255, 128, 0, 200};
  for (const bool is_ycck : {false, true}) {
    const auto decoded = decode_jpeg(
        foreign_jpeg(1, 1, cmyk,
                     {.color_space = JCS_CMYK, .channels = 4, .is_progressive = is_ycck}),
        {});

    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_NEAR(decoded->rgb[0], 200, 2) << is_ycck;
    EXPECT_NEAR(decoded->rgb[1], 100, 2) << is_ycck;
    EXPECT_NEAR(decoded->rgb[2], 0, 2) << is_ycck;
  }
}

TEST(Jpeg, ProgressivePicturesAreRead) {
  const auto decoded =
      decode_jpeg(foreign_jpeg(40, 30, {10, 20, 30}, {.is_progressive = true}), {});

  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_LE(difference(*decoded, Image::filled(40, 30, 10, 20, 30)), 2);
}

TEST(Jpeg, AFileCutOffAnywhereIsAnError) {
  for (const bool is_progressive : {false, true}) {
    const std::string jpeg =
        foreign_jpeg(20, 20, {10, 200, 30}, {.is_progressive = is_progressive});
    for (std::size_t length = 0; length < jpeg.size(); ++length) {
      const auto decoded = decode_jpeg(jpeg.substr(0, length), {});
      ASSERT_FALSE(decoded) << "at " << length << " of " << jpeg.size();
      EXPECT_EQ(decoded.error().kind, ErrorKind::Invalid);
    }
  }
  EXPECT_THAT(error_of(encode_jpeg(noise(64, 64, 1), 90).value().substr(0, 3000)),
              HasSubstr("cut off"));
}

TEST(Jpeg, DamageWithinThePixelsIsSteppedOver) {
  std::string jpeg = encode_jpeg(noise(64, 64, 1), 90).value();
  jpeg[jpeg.size() / 2] ^= 0x55;

  const auto decoded = decode_jpeg(jpeg, {});

  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->width, 64);
}

TEST(Jpeg, WhatIsNoJpegIsNamedSo) {
  EXPECT_THAT(error_of(""), HasSubstr("JPEG"));
  EXPECT_THAT(error_of("this is text"), HasSubstr("cannot be decoded"));
}

TEST(Jpeg, SizesAboveTheLimitsAreRefused) {
  const std::string jpeg = encode_jpeg(gradient(40, 20), 80).value();

  EXPECT_EQ(error_of(jpeg, {.pixels = 800, .side = 40}), "decoded");
  EXPECT_THAT(error_of(jpeg, {.pixels = 799}), HasSubstr("40x20 pixels"));
  EXPECT_THAT(error_of(jpeg, {.side = 39}), HasSubstr("no side may be longer than 39"));
}

TEST(Jpeg, AHugeClaimIsRefusedByTheDefaults) {
  std::string jpeg = encode_jpeg(gradient(8, 8), 80).value();
  const std::size_t frame = jpeg.find("\xFF\xC0\0\x11\x08"s);
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\x7F\xFF\x7F\xFF");  // height and width

  EXPECT_THAT(error_of(jpeg), HasSubstr("32767x32767 pixels; at most 64 million"));
}

TEST(Jpeg, ManyScansAreRefused) {
  const std::string jpeg = foreign_jpeg(8, 8, {1, 2, 3}, {.is_progressive = true});
  const std::size_t last = jpeg.rfind("\xFF\xDA");
  const std::string scan = jpeg.substr(last, jpeg.size() - 2 - last);
  std::string many = jpeg.substr(0, jpeg.size() - 2);
  for (int i = 0; i < kMaxJpegScans + 5; ++i) many += scan;

  EXPECT_THAT(error_of(many + "\xFF\xD9"), HasSubstr("more than 100 scans"));
}

TEST(Jpeg, TheExifBlockComesBack) {
  const std::string block = exif_of_comment("a cat");

  const std::string jpeg = encode_jpeg(gradient(8, 8), 80, block).value();

  EXPECT_EQ(find_jpeg_exif(jpeg), block);
  EXPECT_TRUE(decode_jpeg(jpeg, {}));
  EXPECT_EQ(find_jpeg_exif(encode_jpeg(gradient(8, 8), 80).value()), std::nullopt);
}

TEST(Jpeg, AnExifBlockIsFoundOnlyWhole) {
  const std::string jpeg = encode_jpeg(gradient(8, 8), 80, exif_of_comment("a cat")).value();
  const std::size_t end = find_jpeg_exif(jpeg)->data() + find_jpeg_exif(jpeg)->size() - jpeg.data();

  for (std::size_t length = 0; length < end; ++length)
    EXPECT_EQ(find_jpeg_exif(std::string_view(jpeg).substr(0, length)), std::nullopt) << length;
}

TEST(Jpeg, TextsThatDoNotFitAreRefused) {
  EXPECT_TRUE(encode_jpeg(gradient(8, 8), 80, std::string(kMaxJpegExif, 'x')));
  const auto encoded = encode_jpeg(gradient(8, 8), 80, std::string(kMaxJpegExif + 1, 'x'));

  ASSERT_FALSE(encoded);
  EXPECT_THAT(encoded.error().message, HasSubstr("Write it as PNG"));
}

}  // namespace
}  // namespace furrow::image
