#include "cli/output/recipe_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::cli {

namespace {

using testing::HasSubstr;
using testing::Not;

v1::Recipe a_recipe() {
  v1::Recipe recipe;
  recipe.set_prompt("a cat");
  recipe.set_steps(20);
  recipe.set_width(128);
  recipe.set_height(128);
  return recipe;
}

TEST(RecipeParts, ARecipeWithoutThemHasNothingToTell) {
  EXPECT_EQ(parts_text(a_recipe()), "");
  EXPECT_EQ(parts_json(a_recipe()), Json::object());
}

TEST(RecipeParts, TheTextSaysWhatAPictureWouldSay) {
  v1::Recipe recipe = a_recipe();
  recipe.mutable_image_to_image()->set_denoising_strength(0.5);
  recipe.set_guidance_rescale(0.7);

  const std::string text = parts_text(recipe);

  EXPECT_THAT(text, HasSubstr("Denoising strength 0.5"));
  EXPECT_THAT(text, HasSubstr("CFG rescale 0.7"));
  EXPECT_THAT(text, Not(HasSubstr("Steps")));
  EXPECT_THAT(text, Not(HasSubstr("RNG")));
}

TEST(RecipeParts, AScaleOfHiresFixIsToldAsASize) {
  v1::Recipe recipe = a_recipe();
  recipe.mutable_hires()->set_scale(2);

  EXPECT_THAT(parts_text(recipe), HasSubstr("Hires upscale 2"));
}

TEST(RecipeParts, TheJsonHasWhatIsSetByItsFields) {
  v1::Recipe recipe = a_recipe();
  v1::ImageToImage& run = *recipe.mutable_image_to_image();
  run.mutable_picture()->set_name("cat.png");
  run.mutable_picture()->set_hash("\x01\xab");
  run.set_resize_mode(v1::RESIZE_MODE_CROP);
  run.mutable_inpaint()->set_inverted(true);
  recipe.mutable_sampler_options()->set_eta(0);
  recipe.mutable_noise()->set_variation_seed(7);
  recipe.add_loras()->set_name("ink");

  EXPECT_EQ(parts_json(recipe), Json::parse(R"({
    "image_to_image": {"picture": {"name": "cat.png", "hash": "01ab"}, "resize_mode": "crop",
                       "inpaint": {"inverted": true}},
    "sampler_options": {"eta": 0.0},
    "noise": {"variation_seed": 7},
    "loras": [{"name": "ink"}]})"));
}

}  // namespace

}  // namespace furrow::cli
