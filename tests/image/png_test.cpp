#include "common/image/png.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/image/png_chunks.h"
#include "tests/image/png_builder.h"

namespace furrow::image {
namespace {

using std::string_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

/// What stands in the file for one text: its chunk type, found by walking the chunks.
std::vector<std::string> text_chunk_types(const std::string& png) {
  std::vector<std::string> types;
  const std::vector<PngChunk> chunks = split_png(png).value();
  for (const PngChunk& c : chunks)
    if (c.type == "tEXt" || c.type == "iTXt" || c.type == "zTXt") types.emplace_back(c.type);
  return types;
}

std::vector<PngText> texts_in(const std::string& text_chunks) {
  return read_png_texts(png_of({}, "\0\1\2\3"s, text_chunks)).value();
}

std::string error_of(const std::string& png) {
  const auto decoded = decode_png(png);
  return decoded ? "decoded" : decoded.error().message;
}

TEST(Png, DecodesToExactlyWhatWasEncoded) {
  for (const PngEffort effort : {PngEffort::Fast, PngEffort::Normal}) {
    for (const auto& [width, height] : {std::pair(1, 1), {1, 17}, {33, 1}, {64, 48}, {127, 129}}) {
      const Image image = noise(width, height, 7);

      const auto decoded = decode_png(encode_png(image, {}, effort));

      ASSERT_TRUE(decoded) << decoded.error().message;
      EXPECT_EQ(decoded->image, image) << width << "x" << height;
    }
  }
}

TEST(Png, TextsComeBackInTheirOrder) {
  const std::vector<PngText> texts = {{"parameters", "Grüße,\nzwei Zeilen"},
                                      {"furrow", R"({"a":1})", true},
                                      {"parameters", "猫, 🐱 और بطة", true},
                                      {"Empty", ""},
                                      {"Long", std::string(300'000, 'x')}};
  const std::string png = encode_png(noise(3, 2, 1), texts);

  EXPECT_EQ(read_png_texts(png).value(), texts);
  EXPECT_EQ(decode_png(png).value().texts, texts);
}

TEST(Png, TextIsLatin1WhereItCanBeAndUtf8Otherwise) {
  const std::string png = encode_png(
      noise(1, 1, 1), {{"a", "naïve ÿ"}, {"b", "naïve Ā"}, {"c", "ascii", true}, {"d", "emoji 🐱"}});

  EXPECT_THAT(text_chunk_types(png), ElementsAre("tEXt", "iTXt", "iTXt", "iTXt"));
  EXPECT_THAT(png, HasSubstr("tEXta\0na\xEFve \xFF"s));
  EXPECT_THAT(png, HasSubstr("iTXtb\0\0\0\0\0naïve Ā"s));
}

TEST(Png, WhatNoTextCanHoldBecomesAReplacementCharacter) {
  const std::string png = encode_png(noise(1, 1, 1), {{"nul", "a\0b"s}, {"bad", "a\xFF\xC0\xAF"s}});

  const auto texts = read_png_texts(png).value();

  EXPECT_EQ(texts[0].text, "a\uFFFDb");
  EXPECT_EQ(texts[1].text, "a\uFFFD\uFFFD\uFFFD");
}

TEST(Png, ReadsCompressedTexts) {
  const auto texts =
      texts_in(chunk("zTXt", "Comment\0\0"s + zlib_stream("caf\xE9 and more")) +
               chunk("iTXt", "Prompt\0\1\0hi\0\xE0\xA4\x95\0"s + zlib_stream("बिल्ली")));

  EXPECT_THAT(texts,
              ElementsAre(PngText{"Comment", "café and more"}, PngText{"Prompt", "बिल्ली", true}));
}

TEST(Png, ReadsTextsBehindThePixels) {
  const std::string png = std::string(kPngSignature) + header_chunk({}) +
                          chunk("IDAT", zlib_stream("\0\1\2\3"s)) +
                          chunk("tEXt", "parameters\0late"s) + chunk("IEND", "");

  EXPECT_THAT(decode_png(png).value().texts, ElementsAre(PngText{"parameters", "late"}));
}

TEST(Png, MalformedTextsAreNamedWithTheirPlace) {
  const auto error_with = [](const std::string& text_chunk) {
    const auto texts = read_png_texts(png_of({}, "\0\1\2\3"s, text_chunk));
    return texts ? "read" : texts.error().message;
  };

  EXPECT_THAT(error_with(chunk("tEXt", "no end of the key")), HasSubstr("tEXt chunk at byte 33"));
  EXPECT_THAT(error_with(chunk("tEXt", "\0x"s)), HasSubstr("key"));
  EXPECT_THAT(error_with(chunk("zTXt", "k\0\1xx"s)), HasSubstr("compression method"));
  EXPECT_THAT(error_with(chunk("zTXt", "k\0\0not zlib"s)), HasSubstr("corrupt"));
  EXPECT_THAT(error_with(chunk("zTXt", "k\0\0"s + zlib_stream("cut off").substr(0, 9))),
              HasSubstr("corrupt"));
  EXPECT_THAT(error_with(chunk("iTXt", "k\0\0"s)), HasSubstr("ends too early"));
  EXPECT_THAT(error_with(chunk("iTXt", "k\0\0\0en"s)), HasSubstr("does not end"));
}

TEST(Png, ATextThatUnfoldsWithoutEndIsRefused) {
  const std::string bomb(kMaxInflatedText + 1, 'a');

  const auto texts =
      read_png_texts(png_of({}, "\0\1\2\3"s, chunk("zTXt", "k\0\0"s + zlib_stream(bomb))));

  ASSERT_FALSE(texts);
  EXPECT_THAT(texts.error().message, HasSubstr("16 MiB"));
}

TEST(Png, ManyTextsThatUnfoldAreRefusedTogether) {
  const std::string one = chunk("zTXt", "k\0\0"s + zlib_stream(std::string(kMaxInflatedText, 'a')));

  const auto texts = read_png_texts(png_of({}, "\0\1\2\3"s, one + one + one + one + one));

  ASSERT_FALSE(texts);
  EXPECT_THAT(texts.error().message, HasSubstr("64 MiB"));
}

TEST(Png, AFileCutOffAnywhereIsAnError) {
  const std::string png = encode_png(noise(5, 4, 3), {{"parameters", "a cat"}, {"k", "猫"}});

  for (std::size_t length = 0; length < png.size(); ++length) {
    const auto decoded = decode_png(png.substr(0, length));
    ASSERT_FALSE(decoded) << "at " << length;
    EXPECT_EQ(decoded.error().kind, ErrorKind::Invalid);
    ASSERT_FALSE(read_png_texts(png.substr(0, length))) << "at " << length;
  }
}

TEST(Png, AFlippedBitAnywhereIsAnError) {
  const std::string png = encode_png(noise(3, 2, 3), {{"parameters", "a cat"}});

  for (std::size_t bit = 0; bit < png.size() * 8; ++bit) {
    std::string broken = png;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(decode_png(broken)) << "bit " << bit;
  }
}

TEST(Png, PixelDataThatEndsEarlyIsAnError) {
  EXPECT_THAT(error_of(png_of({.width = 1, .height = 2}, "\0\1\2\3"s)), HasSubstr("corrupt"));
  EXPECT_THAT(error_of(std::string(kPngSignature) + header_chunk({}) + chunk("IEND", "")),
              HasSubstr("corrupt"));
  EXPECT_THAT(error_of(std::string(kPngSignature) + header_chunk({}) +
                       chunk("IDAT", "this is no zlib stream") + chunk("IEND", "")),
              HasSubstr("corrupt"));
}

TEST(Png, OtherFilesAreNamedAsNoPng) {
  EXPECT_THAT(error_of(""), HasSubstr("no PNG"));
  EXPECT_THAT(error_of("\xFF\xD8\xFF\xE0 a JPEG"), HasSubstr("no PNG"));
}

TEST(Png, HugeSizesAreRefusedBeforeMemoryIsTaken) {
  EXPECT_THAT(error_of(png_of({.width = 30'000, .height = 30'000}, "\0"s)),
              HasSubstr("30000x30000 pixels; at most 512 million"));
  EXPECT_THAT(error_of(png_of({.width = 20'000, .height = 20'000}, "\0"s)),
              HasSubstr("cannot hold them"));
}

TEST(Png, GreyPaletteAndDeepPicturesBecomeRgb) {
  const auto pixel_of = [](const std::string& png) { return decode_png(png).value().image.rgb; };

  EXPECT_THAT(pixel_of(png_of({.color_type = 0}, "\0\x64"s)), ElementsAre(100, 100, 100));
  EXPECT_THAT(pixel_of(png_of({.bit_depth = 1, .color_type = 0}, "\0\x80"s)),
              ElementsAre(255, 255, 255));
  EXPECT_THAT(pixel_of(png_of({.bit_depth = 16}, "\0\xFF\xFF\x80\x80\0\0"s)),
              ElementsAre(255, 128, 0));
  EXPECT_THAT(pixel_of(png_of({.color_type = 3}, "\0\1"s, chunk("PLTE", "\0\0\0\x0A\x14\x1E"s))),
              ElementsAre(10, 20, 30));
}

TEST(Png, TransparencyLiesOverWhite) {
  const auto pixel_of = [](const std::string& png) { return decode_png(png).value().image.rgb; };

  EXPECT_THAT(pixel_of(png_of({.color_type = 6}, "\0\x0A\x14\x1E\xFF"s)), ElementsAre(10, 20, 30));
  EXPECT_THAT(pixel_of(png_of({.color_type = 6}, "\0\x0A\x14\x1E\0"s)), ElementsAre(255, 255, 255));
  EXPECT_THAT(pixel_of(png_of({.color_type = 4}, "\0\0\x80"s)), ElementsAre(127, 127, 127));
  EXPECT_THAT(pixel_of(png_of({.color_type = 2}, "\0\1\2\3"s, chunk("tRNS", "\0\1\0\2\0\3"s))),
              ElementsAre(255, 255, 255));
}

}  // namespace
}  // namespace furrow::image
