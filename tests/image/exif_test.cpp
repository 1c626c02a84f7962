#include "common/image/exif.h"

#include <string>

#include <gtest/gtest.h>

#include "common/image/text_encoding.h"

namespace furrow::image {
namespace {

using std::string_literals::operator""s;

/// A directory of one SHORT, little-endian, in front of which the caller puts "II*\0".
std::string orientation_block(char orientation) {
  return "II*\0\x08\0\0\0\1\0\x12\x01\x03\0\1\0\0\0"s + orientation + "\0\0\0\0\0\0\0"s;
}

TEST(Exif, ReadsTheOrientationInEitherByteOrder) {
  EXPECT_EQ(read_exif(orientation_block(6)).orientation, 6);
  EXPECT_EQ(read_exif("Exif\0\0"s + orientation_block(8)).orientation, 8);
  EXPECT_EQ(read_exif("MM\0*\0\0\0\x08\0\1\x01\x12\0\x03\0\0\0\1\0\5\0\0\0\0\0\0"s).orientation, 5);
}

TEST(Exif, AnOrientationThatNoStandardKnowsCountsAsUpright) {
  EXPECT_EQ(read_exif(orientation_block(0)).orientation, 1);
  EXPECT_EQ(read_exif(orientation_block(9)).orientation, 1);
  // A LONG where a SHORT is due, and two values where one is.
  EXPECT_EQ(read_exif("II*\0\x08\0\0\0\1\0\x12\x01\x04\0\1\0\0\0\6\0\0\0\0\0\0\0"s).orientation, 1);
  EXPECT_EQ(read_exif("II*\0\x08\0\0\0\1\0\x12\x01\x03\0\2\0\0\0\6\0\0\0\0\0\0\0"s).orientation, 1);
}

TEST(Exif, CommentsOfAnyScriptComeBack) {
  for (const std::string text :
       {"a cat\nSteps: 20, Seed: 1", "Grüße", "猫と犬", "🐱 emoji, beyond the first plane", ""}) {
    const auto comment = read_exif(exif_of_comment(text)).user_comment;
    ASSERT_TRUE(comment) << text;
    EXPECT_EQ(*comment, text);
  }
}

TEST(Exif, TheCommentIsWrittenAsOtherProgramsReadIt) {
  // TIFF header, pointer to the Exif directory, the comment's entry, "UNICODE", UTF-16 big-endian.
  EXPECT_EQ(exif_of_comment("aé"),
            "MM\0*\0\0\0\x08"s
            "\0\1\x87\x69\0\4\0\0\0\1\0\0\0\x1A\0\0\0\0"s
            "\0\1\x92\x86\0\7\0\0\0\x0C\0\0\0\x2C\0\0\0\0"s
            "UNICODE\0\0a\0\xE9"s);
}

/// An Exif block whose comment is these bytes, character code included.
std::string block_with_comment(const std::string& comment) {
  std::string block = exif_of_comment("");
  block.resize(block.size() - 8);
  block[8 + 18 + 2 + 7] = static_cast<char>(comment.size());
  return block + comment;
}

TEST(Exif, ReadsCommentsThatOtherProgramsWrote) {
  const auto comment_of = [](const std::string& comment) {
    return read_exif(block_with_comment(comment)).user_comment.value_or("none");
  };

  EXPECT_EQ(comment_of("UNICODE\0a\0 \0c\0a\0t\0"s), "a cat");  // little-endian
  EXPECT_EQ(comment_of("UNICODE\0\xFF\xFE\x2B\x73"s), "猫");    // with a byte order mark
  EXPECT_EQ(comment_of("UNICODE\0\x73\x2B"s), "猫");            // nothing tells: big-endian
  EXPECT_EQ(comment_of("ASCII\0\0\0a cat\0\0"s), "a cat");
  EXPECT_EQ(comment_of("\0\0\0\0\0\0\0\0ein K\xC3\xA4tzchen"s), "ein Kätzchen");
}

TEST(Exif, BrokenUtf16BecomesReplacementCharacters) {
  EXPECT_EQ(utf8_of_utf16("\0a\xD8\0\0b"s), "a\uFFFDb");  // a lone high surrogate
  EXPECT_EQ(utf8_of_utf16("\0a\xDC\0"s), "a\uFFFD");
  EXPECT_EQ(utf8_of_utf16("\0a\0"s), "a\uFFFD");  // half a unit
}

TEST(Exif, ABlockCutOffAnywhereGivesNoComment) {
  const std::string block = exif_of_comment("a cat");

  for (std::size_t length = 0; length < block.size(); ++length)
    EXPECT_EQ(read_exif(block.substr(0, length)), Exif()) << "at " << length;
}

TEST(Exif, OffsetsThatLeadOutsideAreNoComment) {
  std::string block = exif_of_comment("a cat");
  for (const std::size_t byte : {4, 18, 36}) {  // first directory, Exif directory, comment
    std::string broken = block;
    broken[byte] = '\xFF';
    EXPECT_FALSE(read_exif(broken).user_comment) << byte;
  }
}

}  // namespace
}  // namespace furrow::image
