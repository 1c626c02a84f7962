#include "common/sheet/canvas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::sheet {
namespace {

using image::Image;
using testing::Each;
using testing::ElementsAre;

TEST(Shrink, EachPixelIsTheMeanOfItsArea) {
  const Image picture{4, 2, {0,  0, 0, 100, 0, 0, 10, 0, 0, 10, 0, 0,  //
                             40, 0, 0, 60,  0, 0, 10, 0, 0, 30, 0, 0}};

  EXPECT_THAT(shrink(picture, 2, 1).rgb, ElementsAre(50, 0, 0, 15, 0, 0));
}

TEST(Shrink, AreasThatCutThroughPixelsWeighTheParts) {
  const Image picture{3, 1, {0, 0, 0, 90, 90, 90, 30, 30, 30}};

  // 1.5 pixels each: (0 + 90 / 2) / 1.5 and (90 / 2 + 30) / 1.5.
  EXPECT_THAT(shrink(picture, 2, 1).rgb, ElementsAre(30, 30, 30, 50, 50, 50));
}

TEST(Shrink, OneColourStaysItAtEverySize) {
  const Image picture = Image::filled(97, 61, 255, 255, 255);

  for (int width = 1; width <= 97; width += 3)
    EXPECT_THAT(shrink(picture, width, 1 + width / 2).rgb, Each(255));
}

TEST(Shrink, ToItsOwnSizeChangesNothing) {
  Image picture = Image::filled(7, 5, 0, 0, 0);
  for (std::size_t i = 0; i < picture.rgb.size(); ++i)
    picture.rgb[i] = static_cast<std::uint8_t>(i * 37);

  EXPECT_EQ(shrink(picture, 7, 5), picture);
}

TEST(Canvas, PicturesAreClippedToThePage) {
  Image page = Image::filled(2, 2, 0, 0, 0);
  const Image picture{2, 2, {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}};

  paste(page, picture, -1, 1);
  paste(page, picture, 5, 5);

  EXPECT_THAT(page.rgb, ElementsAre(0, 0, 0, 0, 0, 0, 2, 2, 2, 0, 0, 0));
}

TEST(Canvas, AnOutlineLiesJustOutside) {
  Image page = Image::filled(3, 3, 0, 0, 0);

  outline(page, {1, 1, 1, 1}, {9, 9, 9});

  Image expected = Image::filled(3, 3, 9, 9, 9);
  fill(expected, {1, 1, 1, 1}, {0, 0, 0});
  EXPECT_EQ(page, expected);
}

}  // namespace
}  // namespace furrow::sheet
