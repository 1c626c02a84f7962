// Bytes that nobody would write, thrown at the readers: they may refuse, never crash or hang. The
// seed of a round is printed with its failure; the rounds are the same in every run.

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/image/infotext.h"
#include "common/image/png.h"
#include "tests/image/png_builder.h"

namespace furrow::image {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t end) {
  return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
}

std::string random_bytes(Random& random, std::size_t length) {
  std::string bytes(length, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

/// A PNG whose checksums are right and whose contents are not, so that every reader gets to see it.
std::string random_png(Random& random) {
  const char depths[] = {1, 2, 4, 8, 16, 3};
  const char types[] = {0, 2, 3, 4, 6, 5};
  const PngHeader header{
      static_cast<std::uint32_t>(below(random, 20)), static_cast<std::uint32_t>(below(random, 20)),
      depths[below(random, std::size(depths))], types[below(random, std::size(types))]};
  const char* kinds[] = {"tEXt", "zTXt", "iTXt", "PLTE", "tRNS", "gAMA", "iCCP", "eXIf", "acTL"};
  std::string png = std::string(kPngSignature) + header_chunk(header);
  for (std::size_t n = below(random, 4); n > 0; --n) {
    std::string data = random_bytes(random, below(random, 30));
    if (below(random, 2) == 0) data = std::string("key\0\0\0", 6) + data;
    png += chunk(kinds[below(random, std::size(kinds))], data);
  }
  std::string pixels = zlib_stream(random_bytes(random, below(random, 2000)));
  if (below(random, 3) == 0) pixels[below(random, pixels.size())] ^= 0x10;
  return png + chunk("IDAT", pixels) + (below(random, 8) == 0 ? "" : chunk("IEND", ""));
}

/// Words that mean something to a parser of infotexts, in any order.
std::string random_words(Random& random) {
  const char* words[] = {"Steps: 20", "Negative prompt:",
                         "Template:", "App: SD.Next",
                         ", ",        "\n",
                         "\"",        "\\",
                         ":",         ",",
                         " ",         "Key",
                         "Seed: 5",   "Size: 1x1",
                         "\"a, b\"",  "猫",
                         "\r",        "\t"};
  std::string text;
  for (std::size_t n = below(random, 20); n > 0; --n)
    text += words[below(random, std::size(words))];
  return text;
}

/// What the format can hold: a negative prompt without a line that begins another one.
Infotext random_infotext(Random& random) {
  Infotext infotext{random_words(random), random_words(random), {{"Steps", "20"}}};
  if (("\n" + infotext.negative_prompt).find("\nNegative prompt:") != std::string::npos)
    infotext.negative_prompt.clear();
  for (const char* key : {"Sampler", "CLiP-skip", "A/B 2", "_x", "猫"})
    infotext.fields.emplace_back(key, random_words(random));
  return infotext;
}

TEST(RandomInput, DecodePngRefusesOrReturnsAWholePicture) {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const auto decoded = decode_png(random_png(random));
    if (!decoded) continue;
    const Image& image = decoded->image;
    ASSERT_EQ(image.rgb.size(), static_cast<std::size_t>(image.width * image.height * 3));
    ASSERT_EQ(decode_png(encode_png(image, decoded->texts)).value().image, image);
  }
}

TEST(RandomInput, DecodePngSurvivesBytesThatAreNoPng) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::string bytes = std::string(kPngSignature) + random_bytes(random, below(random, 200));
    ASSERT_FALSE(decode_png(bytes));
    ASSERT_FALSE(read_png_texts(bytes));
  }
}

TEST(RandomInput, EveryInfotextComesBack) {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const Infotext infotext = random_infotext(random);
    const std::string text = format_infotext(infotext);
    ASSERT_EQ(parse_infotext(text), infotext) << text;
  }
}

TEST(RandomInput, ParseInfotextTakesAnyText) {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::string text = random_words(random) + random_bytes(random, below(random, 4));
    const Infotext infotext = parse_infotext(text);
    ASSERT_LE(infotext.prompt.size() + infotext.negative_prompt.size(), text.size());
  }
}

}  // namespace
}  // namespace furrow::image
