#include "common/base/json.h"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace furrow {

namespace {

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(ParseJson, ReadsValues) {
  EXPECT_EQ(parse_json(R"({"a": [1, null]})"), nlohmann::json({{"a", {1, nullptr}}}));
  EXPECT_EQ(parse_json("[[], {}, [[]], 2]").size(), 4U);
}

TEST(ParseJson, DiscardsWhatIsNoJson) {
  for (const char* text : {"", "{", "[1,]", "{a: 1}", "\"\xFF\"", "1 2"}) {
    EXPECT_TRUE(parse_json(text).is_discarded()) << text;
  }
  EXPECT_TRUE(parse_json(std::string_view("1\0oops", 6)).is_discarded());
}

TEST(ParseJson, DiscardsWhatIsNestedTooDeep) {
  EXPECT_FALSE(parse_json(nested(kMaxJsonDepth)).is_discarded());
  EXPECT_TRUE(parse_json(nested(kMaxJsonDepth + 1)).is_discarded());
  EXPECT_TRUE(parse_json(nested(1'000'000)).is_discarded());
}

}  // namespace

}  // namespace furrow
