#include "common/image/resize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/image/fit.h"
#include "tests/image/picture_builder.h"
#include "tests/image/png_builder.h"

namespace furrow::image {
namespace {

using testing::ElementsAre;

constexpr Filter kFilters[] = {Filter::Nearest, Filter::Box, Filter::Bilinear, Filter::Bicubic,
                               Filter::Lanczos};

TEST(Resize, TheSameSizeIsTheSamePicture) {
  const Image image = noise(17, 9, 1);
  for (const Filter filter : kFilters) EXPECT_EQ(resize(image, 17, 9, filter), image);
}

TEST(Resize, OneColourStaysIt) {
  for (const Filter filter : kFilters)
    for (const auto& [width, height] : {std::pair(1, 1), {3, 50}, {40, 2}, {7, 11}})
      EXPECT_EQ(resize(Image::filled(7, 11, 1, 128, 255), width, height, filter),
                Image::filled(width, height, 1, 128, 255));
}

TEST(Resize, ASideThatKeepsItsLengthIsNotTouched) {
  const GreyImage grey{3, 2, {10, 200, 30, 7, 8, 9}};

  const GreyImage higher = resize(grey, 3, 4, Filter::Nearest);
  const GreyImage lanczos = resize(grey, 3, 1, Filter::Box);

  EXPECT_THAT(higher.grey, ElementsAre(10, 200, 30, 10, 200, 30, 7, 8, 9, 7, 8, 9));
  EXPECT_THAT(lanczos.grey, ElementsAre(9, 104, 20));  // halves are rounded up
}

TEST(Resize, BoxIsTheMeanOfWhatAPixelCovers) {
  EXPECT_THAT(resize(GreyImage{4, 1, {0, 100, 200, 50}}, 2, 1, Filter::Box).grey,
              ElementsAre(50, 125));
}

TEST(Resize, BilinearWeighsByDistance) {
  EXPECT_THAT(resize(GreyImage{2, 1, {0, 200}}, 4, 1, Filter::Bilinear).grey,
              ElementsAre(0, 50, 150, 200));
}

TEST(Resize, NearestTakesThePixelUnderTheMiddle) {
  EXPECT_THAT(resize(GreyImage{5, 1, {1, 2, 3, 4, 5}}, 2, 1, Filter::Nearest).grey,
              ElementsAre(2, 4));
  EXPECT_THAT(resize(GreyImage{2, 1, {1, 2}}, 5, 1, Filter::Nearest).grey,
              ElementsAre(1, 1, 2, 2, 2));
}

TEST(Resize, EachChannelIsOnItsOwn) {
  const Image image = noise(13, 8, 2);
  GreyImage green = GreyImage::filled(13, 8, 0);
  for (std::size_t i = 0; i < green.grey.size(); ++i) green.grey[i] = image.rgb[i * 3 + 1];
  for (const Filter filter : kFilters) {
    const Image resized = resize(image, 6, 21, filter);
    const GreyImage resized_green = resize(green, 6, 21, filter);
    for (std::size_t i = 0; i < resized_green.grey.size(); ++i)
      ASSERT_EQ(resized_green.grey[i], resized.rgb[i * 3 + 1]);
  }
}

TEST(Resize, AWindowIsAPartOfTheWhole) {
  const Image image = noise(20, 30, 4);
  for (const Filter filter : kFilters) {
    for (const auto& [width, height] : {std::pair(50, 17), {7, 64}, {20, 30}}) {
      const Image whole = resize(image, width, height, filter);
      for (const Region& window :
           {Region{0, 0, 1, 1}, Region{3, 5, 4, 9}, Region{width - 2, height - 3, 2, 3}})
        EXPECT_EQ(resize_window(image, width, height, window, filter), crop(whole, window));
    }
  }
}

TEST(Resize, AThinPictureThatCoversASquareTakesNoMoreThanTheSquare) {
  // Resized as a whole it would have 32768 x 512 · 32768 pixels.
  const Image image = fit(Image::filled(1, 32'768, 9, 8, 7), 512, 512, v1::RESIZE_MODE_CROP);

  EXPECT_EQ(image, Image::filled(512, 512, 9, 8, 7));
}

TEST(Fit, PlacesAsTheModesSay) {
  // 100 x 50 to 60 x 60.
  const auto place = [](v1::ResizeMode mode) { return placement(100, 50, 60, 60, mode); };

  EXPECT_EQ(place(v1::RESIZE_MODE_STRETCH), (Placement{60, 60, 0, 0}));
  EXPECT_EQ(place(v1::RESIZE_MODE_UNSPECIFIED), (Placement{60, 60, 0, 0}));
  EXPECT_EQ(place(v1::RESIZE_MODE_LATENT), (Placement{60, 60, 0, 0}));
  EXPECT_EQ(place(v1::RESIZE_MODE_CROP), (Placement{120, 60, -30, 0}));
  EXPECT_EQ(place(v1::RESIZE_MODE_FILL), (Placement{60, 30, 0, 15}));
}

TEST(Fit, CropCoversAndFillIsInsideWhateverTheSizes) {
  const int sides[] = {1, 2, 3, 7, 64, 333, 1000};
  for (const int from_width : sides)
    for (const int from_height : sides)
      for (const int width : sides)
        for (const int height : sides) {
          const auto crop_place =
              placement(from_width, from_height, width, height, v1::RESIZE_MODE_CROP);
          ASSERT_LE(crop_place.left, 0);
          ASSERT_LE(crop_place.top, 0);
          ASSERT_GE(crop_place.left + crop_place.width, width);
          ASSERT_GE(crop_place.top + crop_place.height, height);
          const auto fill_place =
              placement(from_width, from_height, width, height, v1::RESIZE_MODE_FILL);
          ASSERT_GE(fill_place.left, 0);
          ASSERT_GE(fill_place.top, 0);
          ASSERT_LE(fill_place.left + fill_place.width, width);
          ASSERT_LE(fill_place.top + fill_place.height, height);
        }
}

TEST(Fit, FillContinuesTheBorders) {
  const GreyImage wide{2, 1, {10, 20}};
  const GreyImage filled = fit(wide, 2, 4, v1::RESIZE_MODE_FILL);
  EXPECT_THAT(filled.grey, ElementsAre(10, 20, 10, 20, 10, 20, 10, 20));

  const Image high{1, 2, {1, 2, 3, 7, 8, 9}};
  const Image beside = fit(high, 3, 2, v1::RESIZE_MODE_FILL);
  EXPECT_THAT(beside.rgb, ElementsAre(1, 2, 3, 1, 2, 3, 1, 2, 3, 7, 8, 9, 7, 8, 9, 7, 8, 9));
}

TEST(Fit, CropKeepsTheMiddle) {
  const GreyImage grey{6, 2, {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6}};

  EXPECT_THAT(fit(grey, 2, 2, v1::RESIZE_MODE_CROP).grey, ElementsAre(3, 4, 3, 4));
}

TEST(Fit, EveryModeGivesTheSizeAskedFor) {
  const Image image = gradient(37, 11);
  for (const auto mode : {v1::RESIZE_MODE_STRETCH, v1::RESIZE_MODE_CROP, v1::RESIZE_MODE_FILL})
    for (const auto& [width, height] : {std::pair(1, 1), {64, 8}, {8, 64}, {37, 11}}) {
      const Image fitted = fit(image, width, height, mode);
      EXPECT_EQ(fitted.width, width);
      EXPECT_EQ(fitted.height, height);
      EXPECT_EQ(fitted.rgb.size(), static_cast<std::size_t>(width * height * 3));
    }
}

}  // namespace
}  // namespace furrow::image
