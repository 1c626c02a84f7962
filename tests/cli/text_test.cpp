#include "cli/output/text.h"

#include <gtest/gtest.h>

namespace furrow::cli {

namespace {

TEST(Printable, LeavesEveryScriptAsItIs) {
  EXPECT_EQ(printable("Grüße, 猫, кот, 🚀"), "Grüße, 猫, кот, 🚀");
}

TEST(Printable, TakesEscapesAndControlsTheirPower) {
  EXPECT_EQ(printable("\x1b[31mred\x07"), "\uFFFD[31mred\uFFFD");
  EXPECT_EQ(printable("\x7f\xc2\x9b"), "\uFFFD\uFFFD");  // DEL and the one-character CSI
}

TEST(Printable, DoesNotLetTheWritingDirectionTurn) {
  EXPECT_EQ(printable("a\u202Eb\u2066c\u200Fd"), "a\uFFFDb\uFFFDc\uFFFDd");
}

TEST(Printable, ReplacesBytesThatAreNoText) {
  EXPECT_EQ(printable("a\xff\xc3"), "a\uFFFD\uFFFD");
}

TEST(Printable, JoinsLinesUnlessToldToKeepThem) {
  EXPECT_EQ(printable("a\nb\tc"), "a b c");
  EXPECT_EQ(printable("a\nb\r\n", Lines::Keep), "a\nb \n");
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("é"), 1u);
  EXPECT_EQ(display_width("e\u0301"), 1u);  // with a combining accent
  EXPECT_EQ(display_width("猫"), 2u);
}

TEST(CutTo, KeepsWhatFitsAndMarksWhatDoesNot) {
  EXPECT_EQ(cut_to("abcdef", 6, true), "abcdef");
  EXPECT_EQ(cut_to("abcdef", 4, true), "abc…");
  EXPECT_EQ(cut_to("abcdef", 4, false), "ab..");
  EXPECT_EQ(cut_to("abcdef", 1, true), ".");
  EXPECT_EQ(cut_to("abcdef", 0, true), "");
}

TEST(CutTo, NeverCutsACharacterInTwo) {
  EXPECT_EQ(cut_to("猫猫猫", 4, true), "猫…");
  EXPECT_EQ(display_width(cut_to("猫猫猫", 5, true)), 5u);
}

TEST(Grouped, PutsSpacesBetweenThreesOfLargeNumbers) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(9999), "9999");
  EXPECT_EQ(grouped(10'000), "10 000");
  EXPECT_EQ(grouped(1'000'000), "1 000 000");
  EXPECT_EQ(grouped(123'456'789), "123 456 789");
}

TEST(Counted, SpeaksOfOneAndOfMany) {
  EXPECT_EQ(counted(1, "cell"), "1 cell");
  EXPECT_EQ(counted(0, "cell"), "0 cells");
  EXPECT_EQ(counted(36, "cell"), "36 cells");
}

TEST(BytesText, UsesTheUnitThatReadsBest) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1500), "1.5 kB");
  EXPECT_EQ(bytes_text(999'999), "1.0 MB");
  EXPECT_EQ(bytes_text(250'000'000), "250 MB");
  EXPECT_EQ(bytes_text(3'200'000'000), "3.2 GB");
}

}  // namespace

}  // namespace furrow::cli
