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

TEST(RecipeJson, EveryPartComesBack) {
  SweepBuilder with_picture = a_sweep().prompt("a cat");
  v1::Parameters& base = with_picture.base();
  *base.mutable_init_image() = a_picture("cat.png");
  *base.mutable_mask() = a_picture("mask.png");
  base.set_denoising_strength(0);
  base.set_mask_blur(0);
  base.set_mask_padding(0);
  base.set_masked_content("noise");
  base.set_resize_mode("fill");
  base.set_eta(0);
  base.set_s_tmax(4);
  base.set_variation_strength(0.5);
  base.set_noise_source("philox");
  base.set_guidance_end(0.25);
  SweepBuilder with_hires = a_sweep().prompt("a cat <lora:ink:1>");
  with_hires.base().set_hires_scale(1.5);
  with_hires.base().set_hires_denoising_strength(0);
  with_hires.base().set_hires_sampler("DPM++ 2M Karras");
  with_hires.base().set_refiner("emoji");
  with_hires.base().set_refiner_switch_at(0);
  Catalog catalog = a_catalog();
  catalog.models.push_back(a_model("ink", {.kind = "lora"}));

  for (const SweepBuilder& sweep : {with_picture, with_hires}) {
    const auto plan = sweep.plan(catalog);
    ASSERT_TRUE(plan) << plan.error().message;
    const v1::Recipe recipe = Grid(plan->plan).recipe(0);
    const auto read = recipe_from_json(recipe_to_json(recipe));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(MessageDifferencer::Equals(*read, recipe)) << recipe_to_json(recipe);
  }
}

TEST(RecipeJson, PartsOfAHandWrittenFileTakeTheDefaults) {
  const auto picture = recipe_from_json(
      R"({"image_to_image": {"picture": {"name": "cat.png"}, "inpaint": {"mask": {"name": "m.png"}, "only_masked": true}}})");
  const auto hires = recipe_from_json(
      R"({"hires": {"scale": 2, "sampler": "Euler a"}, "refiner": {"model": {"name": "x"}}})", 128);

  ASSERT_TRUE(picture) << picture.error().message;
  EXPECT_EQ(picture->image_to_image().denoising_strength(), kDefaultDenoisingStrength);
  EXPECT_EQ(picture->image_to_image().inpaint().blur(), kDefaultMaskBlur);
  EXPECT_EQ(picture->image_to_image().inpaint().padding(), kDefaultMaskPadding);
  ASSERT_TRUE(hires) << hires.error().message;
  EXPECT_EQ(hires->hires().width(), 256U);
  EXPECT_EQ(hires->hires().upscaler(), kDefaultHiresUpscaler);
  EXPECT_EQ(hires->hires().sampler(), "euler_a");
  EXPECT_EQ(hires->hires().denoising_strength(), kDefaultHiresDenoisingStrength);
  EXPECT_EQ(hires->refiner().model().name(), "x");
  EXPECT_EQ(hires->refiner().switch_at(), kDefaultRefinerSwitch);
}

TEST(RecipeJson, TellsWhatIsWrongWithParts) {
  const auto fault_of = [](std::string_view json) {
    const auto recipe = recipe_from_json(json);
    return recipe ? "(no fault)" : recipe.error().message;
  };

  EXPECT_THAT(fault_of(R"({"image_to_image": {"denoising_strength": 1.5, "strength": 1}})"),
              HasSubstr("strength"));
  EXPECT_THAT(
      fault_of(R"({"image_to_image": {"denoising_strength": 1.5}})"),
      AllOf(HasSubstr("image_to_image.denoising_strength: 1.5 is out of range. It is 0 to 1."),
            HasSubstr("it has no picture")));
  EXPECT_THAT(fault_of(R"({"noise": {"source": 9}})"),
              HasSubstr("noise.source: there is no option 9"));
  EXPECT_THAT(fault_of(R"({"noise": {"source": "GPUS"}})"), HasSubstr("GPUS"));
  EXPECT_THAT(fault_of(R"({"hires": {"upscaler": "latnet", "sampler": "Eulre"}})"),
              AllOf(HasSubstr("hires.upscaler: \"latnet\""), HasSubstr("hires.sampler: \"Eulre\""),
                    HasSubstr("neither a size nor a scale")));
  EXPECT_THAT(fault_of(R"({"sampler_options": {"eta": "much"}})"), HasSubstr("much"));
  EXPECT_THAT(fault_of(R"({"loras": [{"name": "x", "hash": "AAAA"}]})"),
              HasSubstr("loras: its hash"));
  EXPECT_THAT(fault_of(R"({"image_to_image": {"picture": {"name": "x"}}, "hires": {"scale": 2}})"),
              HasSubstr("does not go with image_to_image"));
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
