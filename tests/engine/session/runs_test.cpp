#include "worker/engine/runs.h"

#include <gtest/gtest.h>

#include "common/spec/recipe.h"

namespace furrow::engine {
namespace {

v1::Recipe a_recipe() {
  v1::Recipe recipe;
  recipe.set_prompt("cat");
  recipe.set_steps(20);
  recipe.set_guidance_scale(7);
  recipe.set_sampler("euler");
  recipe.set_schedule("normal");
  recipe.set_width(64);
  recipe.set_height(64);
  recipe.mutable_model()->set_hash(std::string(32, 'm'));
  return recipe;
}

v1::Recipe with_hires() {
  v1::Recipe recipe = a_recipe();
  v1::HiresFix& hires = *recipe.mutable_hires();
  hires.set_width(128);
  hires.set_height(96);
  hires.set_upscaler("latent");
  hires.set_denoising_strength(0.6);
  return recipe;
}

TEST(Runs, FollowEachOtherAsTheRecipeAsks) {
  v1::Recipe recipe = a_recipe();
  EXPECT_EQ(run_after(Run::First, recipe), std::nullopt);

  recipe = with_hires();
  EXPECT_EQ(run_after(Run::First, recipe), Run::Hires);
  EXPECT_EQ(run_after(Run::Hires, recipe), std::nullopt);

  recipe.mutable_refiner()->mutable_model()->set_hash(std::string(32, 'r'));
  EXPECT_EQ(run_after(Run::First, recipe), Run::Refiner);
  EXPECT_EQ(run_after(Run::Refiner, recipe), Run::Hires);

  recipe.clear_hires();
  EXPECT_EQ(run_after(Run::Refiner, recipe), std::nullopt);
}

TEST(Runs, HiresTakesWhatItSaysAndTheRestFromTheFirst) {
  v1::Recipe recipe = with_hires();
  recipe.mutable_hires()->set_sampler("dpmpp_2m");
  recipe.mutable_hires()->set_steps(9);
  recipe.mutable_hires()->set_negative_prompt("blurry");

  const v1::Recipe hires = recipe_of(Run::Hires, recipe);

  EXPECT_EQ(hires.width(), 128U);
  EXPECT_EQ(hires.height(), 96U);
  EXPECT_EQ(hires.sampler(), "dpmpp_2m");
  EXPECT_EQ(hires.schedule(), "normal");
  EXPECT_EQ(hires.steps(), 9U);
  EXPECT_EQ(hires.guidance_scale(), 7);
  EXPECT_EQ(hires.prompt(), "cat");
  EXPECT_EQ(hires.negative_prompt(), "blurry");
  EXPECT_EQ(hires.image_to_image().denoising_strength(), 0.6);
  EXPECT_FALSE(hires.has_hires());
  EXPECT_FALSE(hires.image_to_image().has_picture());
}

TEST(Runs, TheRefinerIsTheSameRecipeWithAnotherModel) {
  v1::Recipe recipe = a_recipe();
  recipe.mutable_refiner()->mutable_model()->set_hash(std::string(32, 'r'));
  recipe.mutable_refiner()->set_switch_at(0.8);

  const v1::Recipe refining = recipe_of(Run::Refiner, recipe);

  EXPECT_EQ(refining.model().hash(), std::string(32, 'r'));
  EXPECT_EQ(refining.refiner().switch_at(), 0.8);
  EXPECT_EQ(recipe_of(Run::First, recipe).model().hash(), std::string(32, 'm'));
}

TEST(Runs, ABaseIsSharedByWhatOnlyLaterStagesLookAt) {
  const auto form = [](const v1::Recipe& recipe) {
    return spec::canonical_form(base_recipe_of(recipe));
  };
  v1::Recipe other = with_hires();
  other.mutable_vae()->set_hash(std::string(32, 'v'));
  EXPECT_EQ(form(other), form(a_recipe()));

  other.set_seed(2);
  EXPECT_NE(form(other), form(a_recipe()));

  // The VAE encodes the picture that the run begins with.
  v1::Recipe from_picture = a_recipe();
  from_picture.mutable_image_to_image()->mutable_picture()->set_hash(std::string(32, 'p'));
  other = from_picture;
  other.mutable_vae()->set_hash(std::string(32, 'v'));
  EXPECT_NE(form(other), form(from_picture));
}

}  // namespace
}  // namespace furrow::engine
