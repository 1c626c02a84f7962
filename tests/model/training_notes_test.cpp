#include "common/model/training_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(FrequentTags, AreSummedOverFoldersTheMostFrequentFirst) {
  const auto tags = frequent_tags(
      {{"ss_tag_frequency", R"({"a": {"cat": 2, "dog": 5}, "b": {"cat": 4, "sky": 1}})"}}, 2);

  EXPECT_THAT(tags, ElementsAre(TagCount{"cat", 6}, TagCount{"dog", 5}));
}

TEST(FrequentTags, OfDamagedTextAreNone) {
  EXPECT_THAT(frequent_tags({}, 10), IsEmpty());
  for (const char* text : {"", "{", "[]", "5", R"({"a": 5})", R"({"a": {"cat": "x"}})"}) {
    EXPECT_THAT(frequent_tags({{"ss_tag_frequency", text}}, 10), IsEmpty()) << text;
  }
}

TEST(ShortenedMetadata, KeepsOnlyTheSizeOfWhatFillsAScreen) {
  EXPECT_THAT(shortened({{"format", "pt"},
                         {"ss_datasets", "[1]"},
                         {"ss_network_dim", "8"},
                         {"own", std::string(5000, 'x')}}),
              ElementsAre(Pair("own", "(5000 bytes)"), Pair("ss_datasets", "(3 bytes)"),
                          Pair("ss_network_dim", "8")));
}

}  // namespace
}  // namespace furrow::model
