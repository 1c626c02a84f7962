#include "common/image/mask.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/image/blur.h"
#include "common/image/masked_content.h"
#include "tests/image/picture_builder.h"
#include "tests/image/png_builder.h"

namespace furrow::image {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

/// 255 inside the region, 0 around it.
GreyImage mask_of(int width, int height, const Region& region) {
  GreyImage mask = GreyImage::filled(width, height, 0);
  for (int y = region.top; y < region.top + region.height; ++y)
    for (int x = region.left; x < region.left + region.width; ++x)
      mask.grey[static_cast<std::size_t>(y * width + x)] = 255;
  return mask;
}

TEST(Mask, IsInvertedAndBinarised) {
  const GreyImage mask{4, 1, {0, 127, 128, 255}};

  EXPECT_THAT(inverted(mask).grey, ElementsAre(255, 128, 127, 0));
  EXPECT_THAT(binarised(mask).grey, ElementsAre(0, 0, 255, 255));
  EXPECT_THAT(overlay_mask(mask).grey, ElementsAre(0, 254, 255, 255));
}

TEST(Mask, GrowsByASquare) {
  const GreyImage mask = mask_of(20, 15, {5, 6, 2, 1});

  EXPECT_EQ(grown(mask, 0), mask);
  EXPECT_EQ(grown(mask, 3), mask_of(20, 15, {2, 3, 8, 7}));
  EXPECT_EQ(grown(mask, 100), GreyImage::filled(20, 15, 255));
}

TEST(Mask, GrowingTakesTheLargestValueNear) {
  EXPECT_THAT(grown(GreyImage{7, 1, {9, 1, 1, 1, 5, 7, 2}}, 1).grey,
              ElementsAre(9, 9, 1, 5, 7, 7, 7));
}

TEST(Mask, ABlurIsSymmetricAndKeepsWhatIsFarAway) {
  const GreyImage mask = mask_of(61, 41, {30, 20, 1, 1});

  const GreyImage soft = blurred(mask, 0.8, 0.8);

  EXPECT_EQ(soft.grey[20 * 61 + 29], soft.grey[20 * 61 + 31]);
  EXPECT_EQ(soft.grey[19 * 61 + 30], soft.grey[21 * 61 + 30]);
  EXPECT_GT(soft.grey[20 * 61 + 30], soft.grey[20 * 61 + 31]);
  EXPECT_EQ(soft.grey[20 * 61 + 33], 0);  // the kernel reaches 2 pixels
}

TEST(Mask, AnAxisWithoutSigmaIsNotBlurred) {
  const GreyImage rows = blurred(mask_of(21, 21, {10, 0, 1, 21}), 0, 5);

  EXPECT_EQ(rows, mask_of(21, 21, {10, 0, 1, 21}));
  EXPECT_EQ(blurred(mask_of(21, 21, {10, 10, 1, 1}), 0, 0), mask_of(21, 21, {10, 10, 1, 1}));
}

TEST(Mask, ABlurOfAWholeMaskIsTheMask) {
  EXPECT_EQ(blurred(GreyImage::filled(9, 1, 255), 40, 40), GreyImage::filled(9, 1, 255));
}

TEST(OnlyMasked, AnEmptyMaskHasNoRegion) {
  EXPECT_EQ(bounding_box(GreyImage::filled(5, 4, 0)), std::nullopt);
  EXPECT_EQ(only_masked_region(GreyImage::filled(5, 4, 0), 8, 64, 64), std::nullopt);
}

TEST(OnlyMasked, TheBoxHoldsEveryPixelOfTheMask) {
  GreyImage mask = mask_of(30, 20, {4, 3, 2, 2});
  mask.grey[17 * 30 + 25] = 1;

  EXPECT_EQ(bounding_box(mask), (Region{4, 3, 22, 15}));
}

TEST(OnlyMasked, TheRegionTakesTheProportionsOfTheRender) {
  const GreyImage mask = mask_of(200, 100, {90, 45, 10, 10});

  EXPECT_EQ(only_masked_region(mask, 5, 64, 64), (Region{85, 40, 20, 20}));
  EXPECT_EQ(only_masked_region(mask, 5, 128, 64), (Region{75, 40, 40, 20}));
  EXPECT_EQ(only_masked_region(mask, 5, 64, 128), (Region{85, 30, 20, 40}));
}

TEST(OnlyMasked, TheRegionStaysInsideThePicture) {
  // At the left border it moves to the right; where the picture is too low it is cut.
  EXPECT_EQ(only_masked_region(mask_of(200, 100, {0, 45, 10, 10}), 5, 128, 64),
            (Region{0, 40, 40, 20}));
  EXPECT_EQ(only_masked_region(mask_of(200, 100, {190, 45, 10, 10}), 5, 128, 64),
            (Region{160, 40, 40, 20}));
  EXPECT_EQ(only_masked_region(mask_of(200, 100, {0, 45, 200, 10}), 5, 64, 64),
            (Region{0, 0, 200, 100}));
  EXPECT_EQ(only_masked_region(mask_of(200, 100, {3, 3, 1, 1}), 1 << 30, 64, 64),
            (Region{0, 0, 200, 100}));
}

TEST(OnlyMasked, WhatWasRenderedReplacesOnlyWhatIsMasked) {
  const Image picture = noise(40, 30, 5);
  const Region region{10, 5, 20, 20};
  const GreyImage mask = mask_of(40, 30, {12, 8, 6, 7});

  const Image pasted = pasted_back(picture, Image::filled(64, 64, 1, 2, 3), region, mask);

  for (int y = 0; y < 30; ++y)
    for (int x = 0; x < 40; ++x) {
      const auto i = static_cast<std::size_t>(y * 40 + x);
      const std::vector<std::uint8_t> got(
          pasted.rgb.begin() + static_cast<std::ptrdiff_t>(i * 3),
          pasted.rgb.begin() + static_cast<std::ptrdiff_t>(i * 3 + 3));
      if (mask.grey[i] == 255)
        ASSERT_THAT(got, ElementsAre(1, 2, 3));
      else
        ASSERT_THAT(
            got, ElementsAre(picture.rgb[i * 3], picture.rgb[i * 3 + 1], picture.rgb[i * 3 + 2]));
    }
}

TEST(Composite, MixesByTheMask) {
  const GreyImage mask{3, 1, {0, 51, 255}};

  EXPECT_THAT(
      composite(Image::filled(3, 1, 100, 100, 100), Image::filled(3, 1, 200, 0, 50), mask).rgb,
      ElementsAre(100, 100, 100, 120, 80, 90, 200, 0, 50));
}

TEST(MaskedContent, FillKeepsWhatIsKept) {
  const Image image = noise(40, 30, 6);
  const GreyImage mask = mask_of(40, 30, {10, 10, 12, 9});

  const Image filled = filled_from_around(image, mask);

  for (std::size_t i = 0; i < mask.grey.size(); ++i)
    if (mask.grey[i] == 0) {
      ASSERT_EQ(filled.rgb[i * 3], image.rgb[i * 3]) << i;
    }
}

TEST(MaskedContent, FillTakesTheColoursAround) {
  // Left red, right blue; the masked band between them was green.
  Image image = Image::filled(60, 20, 200, 0, 0);
  for (int y = 0; y < 20; ++y)
    for (int x = 0; x < 60; ++x) {
      auto* rgb = image.rgb.data() + static_cast<std::size_t>(y * 60 + x) * 3;
      if (x >= 40) rgb[0] = 0, rgb[2] = 200;
      if (x >= 20 && x < 40) rgb[0] = 0, rgb[1] = 255;
    }

  const Image filled = filled_from_around(image, mask_of(60, 20, {20, 0, 20, 20}));

  const auto* left = filled.rgb.data() + (10 * 60 + 21) * 3;
  const auto* right = filled.rgb.data() + (10 * 60 + 38) * 3;
  EXPECT_GT(left[0], left[2]);
  EXPECT_LT(right[0], right[2]);
  for (std::size_t i = 1; i < filled.rgb.size(); i += 3) ASSERT_EQ(filled.rgb[i], 0);
}

TEST(MaskedContent, FillOfAWhollyMaskedPictureIsBlack) {
  EXPECT_THAT(filled_from_around(noise(9, 9, 1), GreyImage::filled(9, 9, 255)).rgb, Each(0));
}

TEST(MaskedContent, FillOfOneColourIsThatColour) {
  const Image image = Image::filled(300, 4, 10, 200, 90);

  EXPECT_LE(difference(filled_from_around(image, mask_of(300, 4, {10, 0, 290, 4})), image), 1);
}

TEST(Outpainting, ExtendsEachSide) {
  const Image image{2, 1, {1, 2, 3, 7, 8, 9}};

  const auto result = extended(image, {.left = 1, .right = 2, .up = 1}).value();

  EXPECT_EQ(result.mask, (GreyImage{5, 2, {255, 255, 255, 255, 255, 255, 0, 0, 255, 255}}));
  EXPECT_THAT(result.image.rgb, ElementsAre(1, 2, 3, 1, 2, 3, 7, 8, 9, 7, 8, 9, 7, 8, 9,  //
                                            1, 2, 3, 1, 2, 3, 7, 8, 9, 7, 8, 9, 7, 8, 9));
}

TEST(Outpainting, OverlapsOnlyTheSidesThatAreExtended) {
  const auto result = extended(Image::filled(10, 10, 0, 0, 0), {.right = 4, .overlap = 3}).value();

  EXPECT_EQ(result.mask, mask_of(14, 10, {7, 0, 7, 10}));
}

TEST(Outpainting, WhatMakesNoSenseIsRefused) {
  const Image image = gradient(8, 8);
  const auto error = [&](const Extension& extension) {
    const auto result = extended(image, extension);
    return result ? "extended" : result.error().message;
  };

  EXPECT_THAT(error({}), HasSubstr("at least one side"));
  EXPECT_THAT(error({.left = -1, .right = 5}), HasSubstr("0 pixels or more"));
  EXPECT_THAT(error({.down = 2'000'000'000}), HasSubstr("no side may be longer"));
}

}  // namespace
}  // namespace furrow::image
