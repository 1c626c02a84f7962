#include "common/image/picture.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/image/exif.h"
#include "common/image/jpeg.h"
#include "common/image/orientation.h"
#include "common/image/webp.h"
#include "tests/image/picture_builder.h"
#include "tests/image/png_builder.h"

namespace furrow::image {
namespace {

using std::string_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(const std::string& bytes, const PictureLimits& limits = {}) {
  const auto decoded = decode_picture(bytes, limits);
  return decoded ? "decoded" : decoded.error().message;
}

TEST(Picture, TheFormatIsToldByTheBytes) {
  const Image image = gradient(24, 16);

  EXPECT_EQ(decode_picture(encode_png(image, {})).value(), image);
  EXPECT_EQ(decode_picture(encode_webp(image, {.is_lossless = true}).value()).value(), image);
  EXPECT_LE(difference(decode_picture(encode_jpeg(image, 95).value()).value(), image), 12);
}

TEST(Picture, OtherFilesAreToldWhatToDo) {
  EXPECT_THAT(error_of("GIF89a"), HasSubstr("Save it as PNG, JPEG or WebP"));
  EXPECT_THAT(error_of(""), HasSubstr("empty"));
  EXPECT_THAT(error_of("\x89PNG"), HasSubstr("cut off"));
}

TEST(Picture, LimitsHoldForEveryFormat) {
  const Image image = gradient(24, 16);
  for (const std::string& bytes :
       {encode_png(image, {}), encode_jpeg(image, 80).value(), encode_webp(image, {}).value()}) {
    EXPECT_EQ(error_of(bytes, {.pixels = 24 * 16, .side = 24}), "decoded");
    EXPECT_THAT(error_of(bytes, {.pixels = 24 * 16 - 1}), HasSubstr("24x16 pixels"));
    EXPECT_THAT(error_of(bytes, {.side = 23}), HasSubstr("no side may be longer than 23"));
    EXPECT_THAT(error_of(bytes, {.bytes = bytes.size() - 1}), HasSubstr("MiB"));
  }
}

/// Where each of Exif's eight orientations puts the stored picture
///   1 2 3
///   4 5 6
TEST(Picture, EveryOrientationIsTurnedUpright) {
  const GreyImage stored{3, 2, {1, 2, 3, 4, 5, 6}};
  const std::vector<GreyImage> expected = {
      {3, 2, {1, 2, 3, 4, 5, 6}}, {3, 2, {3, 2, 1, 6, 5, 4}}, {3, 2, {6, 5, 4, 3, 2, 1}},
      {3, 2, {4, 5, 6, 1, 2, 3}}, {2, 3, {1, 4, 2, 5, 3, 6}}, {2, 3, {4, 1, 5, 2, 6, 3}},
      {2, 3, {6, 3, 5, 2, 4, 1}}, {2, 3, {3, 6, 2, 5, 1, 4}},
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Picture turned = upright({to_rgb(stored), stored}, orientation);
    const GreyImage& grey = expected[static_cast<std::size_t>(orientation - 1)];
    EXPECT_EQ(turned.alpha, grey) << orientation;
    EXPECT_EQ(turned.image, to_rgb(grey)) << orientation;
  }
}

TEST(Picture, ExifTurnsPicturesOfEveryFormat) {
  const Image image = gradient(24, 16);
  const std::string exif = orientation_exif(6);
  const Image turned = upright({image, std::nullopt}, 6).image;
  const std::string png = encode_png(image, {});
  const std::string png_exif = png.substr(0, 33) + chunk("eXIf", exif) + png.substr(33);

  EXPECT_EQ(decode_picture(png_exif).value(), turned);
  EXPECT_EQ(decode_picture(encode_webp(image, {.is_lossless = true}, exif).value()).value(),
            turned);
  EXPECT_LE(difference(decode_picture(encode_jpeg(image, 95, exif).value()).value(), turned), 12);
}

std::string rgba_png(const std::string& pixels, std::uint32_t width) {
  return png_of({.width = width, .color_type = 6}, "\0"s + pixels);
}

TEST(Picture, TransparencyLiesOverWhiteUnlessLayersAreAsked) {
  const std::string png = rgba_png("\x0A\x14\x1E\x80\1\2\3\0"s, 2);

  EXPECT_THAT(decode_picture(png).value().rgb, ElementsAre(132, 137, 142, 255, 255, 255));
  const Picture layers = decode_layers(png).value();
  EXPECT_THAT(layers.image.rgb, ElementsAre(10, 20, 30, 1, 2, 3));
  EXPECT_THAT(layers.alpha->grey, ElementsAre(128, 0));
}

TEST(Mask, IsTheGreyOfAPictureWithoutTransparency) {
  const auto mask = decode_mask(png_of({.width = 3}, "\0\xFF\0\0\0\xFF\0\x64\x64\x64"s));

  EXPECT_THAT(mask.value().grey, ElementsAre(76, 150, 100));
}

TEST(Mask, IsTheTransparencyOfAPictureThatHasAny) {
  EXPECT_THAT(decode_mask(rgba_png("\xFF\xFF\xFF\0\0\0\0\x80"s, 2)).value().grey,
              ElementsAre(0, 128));
  EXPECT_THAT(decode_mask(rgba_png("\xFF\xFF\xFF\xFF\0\0\0\xFF"s, 2)).value().grey,
              ElementsAre(255, 0));
}

TEST(PictureTexts, TheInfotextIsReadFromEveryFormat) {
  const Image image = gradient(8, 8);
  const std::string text = "a cat, 猫\nNegative prompt: dog\nSteps: 20, Seed: 1";
  const std::string exif = exif_of_comment(text);
  const PngText expected{"parameters", text};

  const std::string png = encode_png(image, {});
  const std::string png_exif = png.substr(0, 33) + chunk("eXIf", exif) + png.substr(33);
  for (const std::string& bytes :
       {encode_jpeg(image, 80, exif).value(), encode_webp(image, {}, exif).value(), png_exif}) {
    EXPECT_THAT(read_picture_texts(bytes).value(), ElementsAre(expected));
  }
}

TEST(PictureTexts, TheTextOfAPngComesBeforeItsExif) {
  const std::string png = encode_png(gradient(8, 8), {{"parameters", "a dog"}});
  const std::string both =
      png.substr(0, 33) + chunk("eXIf", exif_of_comment("a cat")) + png.substr(33);

  EXPECT_THAT(read_picture_texts(both).value(), ElementsAre(PngText{"parameters", "a dog"}));
}

}  // namespace
}  // namespace furrow::image
