#include "common/spec/text.h"

#include <gtest/gtest.h>

#include "common/base/utf8.h"

namespace furrow::spec {
namespace {

TEST(Text, ShortestFormReadsBackEqual) {
  EXPECT_EQ(shortest(7), "7");
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(0.1 + 0.2), "0.30000000000000004");
}

TEST(Text, QuotedTextsAreCutBetweenCharacters) {
  std::string euros;
  for (int i = 0; i < 100; ++i) euros += "€";

  const std::string shown = in_quotes(euros);

  EXPECT_LT(shown.size(), 100U);
  EXPECT_TRUE(is_valid_utf8(shown));
  EXPECT_TRUE(shown.ends_with("€…\""));
}

TEST(Text, QuotedTextsAreValidWhateverComesIn) {
  EXPECT_EQ(in_quotes("a\xff\x80z"), "\"a��z\"");
}

}  // namespace
}  // namespace furrow::spec
