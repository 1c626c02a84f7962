#include "common/spec/recipe_json.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "common/spec/grid.h"
#include "tests/spec/specs.h"

namespace furrow::spec {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::AllOf;
using testing::HasSubstr;

TEST(RecipeJson, ReadsBackWhatItWrote) {
  SweepBuilder sweep =
      a_sweep().prompt("a \"cat\",\n猫").negative_prompt("dog").axis("CFG scale", "0, 7.25");
  sweep.base().set_vae("sharp");
  sweep.base().set_seed(9'223'372'036'854'775'807);
  const Grid grid(sweep.plan()->plan);

  for (std::uint64_t i = 0; i < grid.cell_count(); ++i) {
    const auto read = recipe_from_json(recipe_to_json(grid.recipe(i)));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(MessageDifferencer::Equals(*read, grid.recipe(i)));
  }
}

TEST(RecipeJson, AHandWrittenFileTakesTheDefaults) {
  const auto recipe =
      recipe_from_json(R"({"prompt": "a cat", "sampler": "DPM++ 2M", "seed": 5})", 128);

  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_EQ(recipe->sampler(), "dpmpp_2m");
  EXPECT_EQ(recipe->schedule(), "karras");
  EXPECT_EQ(recipe->steps(), kDefaultSteps);
  EXPECT_EQ(recipe->guidance_scale(), kDefaultGuidanceScale);
  EXPECT_EQ(recipe->width(), 128U);
  EXPECT_EQ(recipe->seed(), 5U);
}

TEST(RecipeJson, AGuidanceScaleOfZeroIsNotNone) {
  EXPECT_EQ(recipe_from_json(R"({"guidance_scale": 0})")->guidance_scale(), 0);
  EXPECT_EQ(recipe_from_json(R"({"guidance_scale": null})")->guidance_scale(),
            kDefaultGuidanceScale);
}

TEST(RecipeJson, TellsWhatIsWrong) {
  const auto fault_of = [](std::string_view json) {
    const auto recipe = recipe_from_json(json);
    return recipe ? "(no fault)" : recipe.error().message;
  };

  EXPECT_THAT(fault_of("{"), HasSubstr("not a recipe"));
  EXPECT_THAT(fault_of("[]"), HasSubstr("not a recipe"));
  EXPECT_THAT(fault_of(""), HasSubstr("not a recipe"));
  EXPECT_THAT(fault_of("{guidance_scale: 0}"), HasSubstr("not well-formed JSON"));
  EXPECT_THAT(fault_of("{\"\xFF\": 1}"), HasSubstr("not well-formed JSON"));
  EXPECT_THAT(fault_of(R"({"promt": "a"})"), HasSubstr("promt"));
  EXPECT_THAT(
      fault_of(R"({"steps": 5000, "sampler": "Eulre", "width": 4})"),
      AllOf(HasSubstr("steps: 5000"), HasSubstr("Did you mean \"Euler\"?"), HasSubstr("width: 4")));
  EXPECT_THAT(fault_of(R"({"model": {"name": "x", "hash": "AAAA"}})"), HasSubstr("3 bytes"));
  EXPECT_THAT(fault_of(R"({"guidance_scale": "NaN"})"), HasSubstr("guidance_scale"));
}

}  // namespace
}  // namespace furrow::spec
