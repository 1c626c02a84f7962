#include "common/base/digest.h"

#include <unordered_set>

#include <gtest/gtest.h>

namespace furrow {
namespace {

// The examples of FIPS 180-4.
constexpr std::string_view kOfAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view kOfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Digest, IsSha256) {
  EXPECT_EQ(sha256("abc").hex(), kOfAbc);
  EXPECT_EQ(sha256("").hex(), kOfNothing);
}

TEST(Digest, PieceByPieceIsTheSameAsAtOnce) {
  Sha256 sha;
  sha.add("a");
  sha.add("");
  sha.add("bc");
  EXPECT_EQ(sha.finish(), sha256("abc"));
  EXPECT_EQ(Sha256().finish().hex(), kOfNothing);
}

TEST(Digest, ComesBackFromItsForms) {
  const Digest digest = sha256("abc");

  EXPECT_EQ(Digest::from_hex(digest.hex()), digest);
  EXPECT_EQ(Digest::from_hex("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"),
            digest);
  EXPECT_EQ(Digest::from_raw(digest.raw()), digest);
}

TEST(Digest, RefusesWhatIsNone) {
  const std::string hex(kOfAbc);

  EXPECT_FALSE(Digest::from_hex(hex.substr(1)));
  EXPECT_FALSE(Digest::from_hex(hex + "0"));
  EXPECT_FALSE(Digest::from_hex("g" + hex.substr(1)));
  EXPECT_FALSE(Digest::from_raw(std::string(31, 'a')));
  EXPECT_FALSE(Digest::from_raw(""));
}

TEST(Digest, HashesToDifferentBuckets) {
  std::unordered_set<std::size_t> hashes;
  for (int i = 0; i < 1000; ++i) hashes.insert(std::hash<Digest>{}(sha256(std::to_string(i))));
  EXPECT_EQ(hashes.size(), 1000U);
}

}  // namespace
}  // namespace furrow
