#include "common/sheet/labels.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/sheet/ink.h"

namespace furrow::sheet {
namespace {

using image::Image;

Image drawn(const std::string& text, Rect box, Across across, Down down,
            Reading reading = Reading::LeftToRight, int font_px = 14) {
  Image page = Image::filled(240, 160, 255, 255, 255);
  LabelPainter().draw(page, text, {font_px, Weight::Regular, {0, 0, 0}}, box, across, down,
                      reading);
  return page;
}

bool is_within(Rect inner, Rect outer) {
  return inner.x >= outer.x && inner.y >= outer.y &&
         inner.x + inner.width <= outer.x + outer.width &&
         inner.y + inner.height <= outer.y + outer.height;
}

TEST(Labels, AreDrawnInEveryScript) {
  for (const char* text : {"cat", "кошка", "猫", "قطة", "חתול", "बिल्ली", "แมว", "ñ̃", "♥"}) {
    const Rect ink =
        ink_in(drawn(text, {20, 20, 200, 100}, Across::Left, Down::Top), {0, 0, 240, 160});
    EXPECT_GT(ink.width, 3) << text;
    EXPECT_GT(ink.height, 3) << text;
  }
}

TEST(Labels, LeftAndRightMeanThePageInEveryScript) {
  const Rect box{20, 20, 200, 30};
  for (const char* text : {"a cat", "قطة", "חתול"}) {
    const Image left = drawn(text, box, Across::Left, Down::Top);
    const Image right = drawn(text, box, Across::Right, Down::Top);
    EXPECT_LT(ink_in(left, whole(left)).x, 26) << text;
    const Rect ink = ink_in(right, whole(right));
    EXPECT_GT(ink.x + ink.width, 214) << text;
  }
}

TEST(Labels, StandAtTheTopInTheMiddleOrAtTheBottom) {
  const Rect box{20, 20, 200, 100};
  const auto top_of = [&](Down down) {
    const Image page = drawn("cat", box, Across::Left, down);
    return ink_in(page, whole(page)).y;
  };

  EXPECT_LT(top_of(Down::Top), 40);
  EXPECT_NEAR(top_of(Down::Middle), 66, 8);
  EXPECT_GT(top_of(Down::Bottom), 96);
}

TEST(Labels, WhatDoesNotFitStaysWithinItsBox) {
  const Rect box{40, 30, 120, 60};
  std::string words;
  for (int i = 0; i < 100; ++i) words += "many words ";

  for (const std::string& text : {words, std::string(500, 'x'), words + "قطة"}) {
    const Image page = drawn(text, box, Across::Center, Down::Bottom);
    const Rect ink = ink_in(page, whole(page));
    EXPECT_TRUE(is_within(ink, box))
        << ink.x << " " << ink.y << " " << ink.width << " " << ink.height;
    EXPECT_GT(ink.height, 40);
  }
}

TEST(Labels, ReadFromBottomToTopTheyAreTurned) {
  const Rect box{100, 20, 30, 130};

  const Image page = drawn("turned label", box, Across::Left, Down::Middle, Reading::BottomToTop);

  const Rect ink = ink_in(page, whole(page));
  EXPECT_TRUE(is_within(ink, box));
  EXPECT_GT(ink.height, 3 * ink.width);
  EXPECT_GT(ink.y + ink.height, 140) << "they begin at the bottom";
}

TEST(Labels, ShrinkUntilTheyFitTogether) {
  LabelPainter painter;
  const LabelStyle style{20, Weight::Regular, {}};

  const Fit easy = fit_labels(painter, {"a", "cat"}, style, 10, {200, 60});
  const Fit tight = fit_labels(painter, {"a", "somewhat longer words"}, style, 10, {110, 45});
  const Fit hopeless = fit_labels(painter, {std::string(300, 'x')}, style, 10, {110, 45});

  EXPECT_EQ(easy.font_px, 20);
  EXPECT_TRUE(easy.is_whole);
  EXPECT_LT(tight.font_px, 20);
  EXPECT_GT(tight.font_px, 10);
  EXPECT_TRUE(tight.is_whole);
  EXPECT_EQ(hopeless.font_px, 10);
  EXPECT_FALSE(hopeless.is_whole);
  EXPECT_LE(hopeless.extent.height, 45);
}

TEST(LabelText, IsOneLineOfUtf8) {
  EXPECT_EQ(label_text("two\nlines\tand\x01"), "two lines and ");
  EXPECT_EQ(label_text("bad \xFF byte"), "bad \uFFFD byte");
  EXPECT_EQ(label_text("<b>&amp;</b>"), "<b>&amp;</b>");
}

TEST(LabelText, IsCutBetweenCharacters) {
  std::string cats;
  for (int i = 0; i < 1000; ++i) cats += "猫";

  const std::string label = label_text("x" + cats);

  EXPECT_LT(label.size(), 1300u);
  EXPECT_TRUE(label.ends_with("猫…"));
}

}  // namespace
}  // namespace furrow::sheet
