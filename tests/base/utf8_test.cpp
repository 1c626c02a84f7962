#include "common/base/utf8.h"

#include <gtest/gtest.h>

namespace furrow {
namespace {

TEST(Utf8, TakesWellFormedTextOfEveryLength) {
  for (const std::string_view text :
       {"", "a", "é", "€", "😀", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  }
  EXPECT_TRUE(is_valid_utf8(std::string_view("a\0b", 3)));
}

TEST(Utf8, RefusesWhatIsNotWellFormed) {
  for (const std::string_view text : {
           "\x80",              // a continuation without a start
           "\xc3",              // cut off
           "\xe2\x82",          // cut off
           "\xc0\xaf",          // overlong
           "\xe0\x9f\xbf",      // overlong
           "\xf0\x8f\xbf\xbf",  // overlong
           "\xed\xa0\x80",      // a surrogate
           "\xf4\x90\x80\x80",  // beyond the last character
           "\xff",
           "a\xc3(",
       }) {
    EXPECT_FALSE(is_valid_utf8(text));
  }
}

TEST(Utf8, MeasuresTheCharacterAtTheFront) {
  EXPECT_EQ(utf8_character("az"), 1U);
  EXPECT_EQ(utf8_character("€z"), 3U);
  EXPECT_EQ(utf8_character(""), 0U);
  EXPECT_EQ(utf8_character("\xff"), 0U);
}

}  // namespace
}  // namespace furrow
