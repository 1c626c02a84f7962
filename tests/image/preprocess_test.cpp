#include "common/image/preprocess.h"

#include <algorithm>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/image/canny.h"
#include "tests/image/picture_builder.h"
#include "tests/image/png_builder.h"

namespace furrow::image {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(std::string_view name, const PreprocessorValues& values) {
  const auto result = preprocess(name, gradient(8, 8), values);
  return result ? "done" : result.error().message;
}

/// Black on the left, `value` from column `begin` on.
Image step(int width, int height, int begin, std::uint8_t value) {
  Image image = Image::filled(width, height, 0, 0, 0);
  for (int y = 0; y < height; ++y)
    for (int x = begin; x < width; ++x)
      std::fill_n(image.rgb.data() + static_cast<std::size_t>(y * width + x) * 3, 3, value);
  return image;
}

int edge_count(const GreyImage& edges) {
  return static_cast<int>(std::count(edges.grey.begin(), edges.grey.end(), 255));
}

TEST(Preprocess, EveryPreprocessorTakesEveryAllowedValue) {
  for (const Preprocessor& preprocessor : preprocessors()) {
    for (const auto& [width, height] : {std::pair(1, 1), {1, 9}, {23, 1}, {23, 9}}) {
      for (const double PreprocessorParameter::*value :
           {&PreprocessorParameter::standard, &PreprocessorParameter::least,
            &PreprocessorParameter::most}) {
        PreprocessorValues values;
        for (const auto& parameter : preprocessor.parameters)
          values.emplace(parameter.name, parameter.*value);

        const auto result = preprocess(preprocessor.name, noise(width, height, 1), values);

        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(result->width, width) << preprocessor.name;
        EXPECT_EQ(result->height, height) << preprocessor.name;
        EXPECT_EQ(result->rgb.size(), static_cast<std::size_t>(width * height * 3));
      }
    }
  }
}

TEST(Preprocess, TheTableIsInTheOrderOfItsNames) {
  const auto table = preprocessors();
  EXPECT_TRUE(std::is_sorted(table.begin(), table.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
}

TEST(Preprocess, UnknownNamesAreToldWhatThereIs) {
  EXPECT_THAT(error_of("depth", {}), AllOf(HasSubstr("\"depth\""), HasSubstr("canny, invert")));
  EXPECT_THAT(error_of("invert", {{"low", 1}}), HasSubstr("it has none"));
}

TEST(Preprocess, EveryFaultIsToldAtOnce) {
  EXPECT_THAT(error_of("canny", {{"low", -1}, {"high", 100.5}, {"middle", 5}}),
              AllOf(HasSubstr("a whole number from 0 to 2040 as \"low\", not -1"),
                    HasSubstr("as \"high\", not 100.5"), HasSubstr("no parameter \"middle\"")));
  EXPECT_THAT(error_of("blur", {{"sigma", std::numeric_limits<double>::quiet_NaN()}}),
              HasSubstr("from 0.01 to 64"));
}

TEST(Canny, AStepIsOneLine) {
  const GreyImage edges = canny(step(20, 10, 8, 200), {100, 200});

  EXPECT_EQ(edge_count(edges), 10);
  for (std::size_t y = 0; y < 10; ++y) EXPECT_EQ(edges.grey[y * 20 + 7], 255) << y;
}

TEST(Canny, AWeakStepIsNone) {
  // A step of 40 has a gradient of 4 · 40.
  EXPECT_EQ(edge_count(canny(step(20, 10, 8, 40), {100, 160})), 0);
  EXPECT_EQ(edge_count(canny(step(20, 10, 8, 40), {100, 159})), 10);
  EXPECT_EQ(edge_count(canny(step(20, 10, 8, 40), {159, 100})), 10);
}

TEST(Canny, AWeakEdgeGoesOnFromAStrongOne) {
  // The step fades from 100 to 40 down its length: only its beginning is above `high`.
  Image image = step(20, 16, 8, 0);
  for (int y = 0; y < 16; ++y)
    for (int x = 8; x < 20; ++x)
      std::fill_n(image.rgb.data() + static_cast<std::size_t>(y * 20 + x) * 3, 3,
                  static_cast<std::uint8_t>(100 - 4 * y));

  EXPECT_EQ(edge_count(canny(image, {120, 350})), 16);
  EXPECT_LT(edge_count(canny(image, {349, 350})), 8);
}

TEST(Canny, AColourWithoutDifferenceOfBrightnessIsAnEdgeToo) {
  Image image = Image::filled(20, 10, 200, 0, 0);
  for (int y = 0; y < 10; ++y)
    for (int x = 10; x < 20; ++x) {
      auto* rgb = image.rgb.data() + static_cast<std::size_t>(y * 20 + x) * 3;
      rgb[0] = 0;
      rgb[1] = 102;
    }

  EXPECT_EQ(edge_count(canny(image, {100, 200})), 10);
}

TEST(Preprocess, InvertTwiceIsThePicture) {
  const Image image = noise(9, 7, 3);

  EXPECT_EQ(preprocess("invert", preprocess("invert", image).value()).value(), image);
}

TEST(Preprocess, ThresholdIsAboveInEveryChannel) {
  const Image image{3, 1, {128, 255, 200, 127, 255, 255, 128, 128, 128}};

  EXPECT_THAT(preprocess("threshold", image).value().rgb,
              ElementsAre(255, 255, 255, 0, 0, 0, 255, 255, 255));
}

TEST(Preprocess, LuminanceRunsFromBlackToWhite) {
  const Image image{3, 1, {0, 0, 0, 119, 119, 119, 255, 255, 255}};

  // sRGB 119 is L* = 50 (CIE 1976), half of white.
  EXPECT_THAT(preprocess("recolor_luminance", image).value().rgb,
              ElementsAre(0, 0, 0, 128, 128, 128, 255, 255, 255));
  EXPECT_THAT(preprocess("recolor_intensity", Image{1, 1, {10, 30, 20}}).value().rgb,
              ElementsAre(30, 30, 30));
}

TEST(Preprocess, ABlurKeepsTheMeanAndTakesTheContrast) {
  const Image image = noise(64, 64, 2);
  const Image soft = preprocess("blur", image).value();
  const auto mean = [](const Image& picture) {
    double sum = 0;
    for (const int value : picture.rgb) sum += value;
    return sum / static_cast<double>(picture.rgb.size());
  };

  EXPECT_NEAR(mean(soft), mean(image), 3);
  EXPECT_LE(difference(soft, Image::filled(64, 64, 128, 128, 128)), 40);
}

TEST(Preprocess, TileTakesTheDetail) {
  const Image image = noise(64, 64, 2);

  EXPECT_EQ(preprocess("tile", image).value(), image);
  EXPECT_GT(difference(preprocess("tile", image, {{"factor", 4}}).value(), image), 60);
}

TEST(LineArt, DarkLinesAreBrightAndFlatGroundIsBlack) {
  Image image = Image::filled(60, 60, 230, 220, 210);
  for (int y = 0; y < 60; ++y) std::fill_n(image.rgb.data() + (y * 60 + 30) * 3, 3, 10);

  for (const char* name : {"lineart", "scribble_xdog"}) {
    const Image lines = preprocess(name, image).value();
    EXPECT_GT(lines.rgb[(20 * 60 + 30) * 3], 100) << name;
    EXPECT_EQ(lines.rgb[(20 * 60 + 2) * 3], 0) << name;
    EXPECT_THAT(preprocess(name, Image::filled(60, 60, 230, 220, 210)).value().rgb, Each(0));
  }
}

}  // namespace
}  // namespace furrow::image
