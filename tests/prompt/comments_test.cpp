#include "common/prompt/comments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::prompt {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string without_comments(const std::string& text) {
  return remove_comments(text).value().text;
}

TEST(Comments, EndWithTheirLine) {
  const auto result = remove_comments("a cat # of mine\non a table").value();

  EXPECT_EQ(result.text, "a cat \non a table");
  EXPECT_THAT(result.comments, ElementsAre("of mine"));
}

TEST(Comments, GoWithTheLineThatTheyFill) {
  EXPECT_EQ(without_comments("# first\na cat\n#second\non a table\n# last"), "a cat\non a table\n");
}

TEST(Comments, MaySpanLinesBetweenMarks) {
  const auto result = remove_comments("a /* small\nblack */ cat/**/").value();

  EXPECT_EQ(result.text, "a  cat");
  EXPECT_THAT(result.comments, ElementsAre("small\nblack", ""));
}

TEST(Comments, DoNotBeginWithinEachOther) {
  EXPECT_THAT(remove_comments("a # b /* c\nd").value().comments, ElementsAre("b /* c"));
  EXPECT_THAT(remove_comments("a /* b # c */ d").value().text, "a  d");
}

TEST(Comments, LeaveEscapedMarksAlone) {
  const auto result = remove_comments("\\#1 cat \\/* a */\\").value();

  EXPECT_EQ(result.text, "\\#1 cat \\/* a */\\");
  EXPECT_THAT(result.comments, IsEmpty());
}

TEST(Comments, AreRefusedWhenTheyNeverEnd) {
  EXPECT_THAT(remove_comments("é /* b").error().message, HasSubstr("character 3"));
}

}  // namespace

}  // namespace furrow::prompt
