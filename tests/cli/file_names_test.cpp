#include "cli/file_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::cli {

namespace {

v1::Plan plan_of(const std::vector<std::string>& prompts) {
  v1::Plan plan;
  v1::PlanAxis& axis = *plan.add_axes();
  axis.set_label("Prompt");
  axis.set_field("prompt");
  for (const std::string& prompt : prompts) axis.mutable_values()->add_texts(prompt);
  return plan;
}

TEST(FileNamePart, MakesHyphensOfAllThatHasAMeaning) {
  EXPECT_EQ(file_name_part("CFG scale: 7.5", 40), "CFG-scale-7.5");
  EXPECT_EQ(file_name_part("../../etc/passwd", 40), "etc-passwd");
  EXPECT_EQ(file_name_part("-rf *", 40), "rf");
  EXPECT_EQ(file_name_part("a\nb\x1b[0m", 40), "a-b\uFFFD-0m");
}

TEST(FileNamePart, KeepsOtherScripts) {
  EXPECT_EQ(file_name_part("猫の顔", 40), "猫の顔");
}

TEST(FileNamePart, IsNeverEmpty) {
  EXPECT_EQ(file_name_part("", 40), "x");
  EXPECT_EQ(file_name_part("...", 40), "x");
}

TEST(FileNamePart, CutsAtWholeCharacters) {
  EXPECT_EQ(file_name_part("猫猫猫", 7), "猫猫");
}

TEST(PictureFileName, SortsAsTheCellsDo) {
  const spec::Grid grid(plan_of({"cat face", "dog face"}));

  EXPECT_EQ(picture_file_name(grid, 0), "0000_cat-face.png");
  EXPECT_EQ(picture_file_name(grid, 1), "0001_dog-face.png");
}

TEST(PictureFileName, FitsAnyFileSystem) {
  v1::Plan plan = plan_of({std::string(1000, 'x')});
  for (int axis = 0; axis < 9; ++axis) *plan.add_axes() = plan.axes(0);

  EXPECT_LE(picture_file_name(spec::Grid(plan), 0).size(), 255u);
}

}  // namespace

}  // namespace furrow::cli
