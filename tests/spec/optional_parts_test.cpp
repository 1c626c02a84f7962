// The parts that only some recipes have: pictures, hires fix, options of samplers and noise.
#include "common/spec/optional_parts.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/spec/grid.h"
#include "common/spec/recipe.h"
#include "tests/spec/specs.h"

namespace furrow::spec {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Catalog with_refiner() {
  Catalog catalog = a_catalog();
  catalog.models.push_back(a_model("finisher"));
  catalog.models.push_back(a_model("4x-sharp", {.kind = "upscaler"}));
  return catalog;
}

SweepBuilder with_picture() {
  SweepBuilder sweep = a_sweep().prompt("a cat");
  *sweep.base().mutable_init_image() = a_picture("/pictures/cat.png");
  return sweep;
}

SweepBuilder with_hires() {
  SweepBuilder sweep = a_sweep().prompt("a cat");
  sweep.base().set_hires_scale(2);
  return sweep;
}

v1::Recipe cell_of(const SweepBuilder& sweep, std::uint64_t index = 0) {
  const auto plan = sweep.plan(with_refiner());
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? Grid(plan->plan).recipe(index) : v1::Recipe();
}

std::string fault_of(const SweepBuilder& sweep) {
  const auto plan = sweep.plan(with_refiner());
  return plan ? "(no fault)" : plan.error().message;
}

TEST(OptionalParts, ARecipeWithoutThemHasNone) {
  const v1::Recipe recipe = cell_of(a_sweep().prompt("a cat"));

  EXPECT_FALSE(recipe.has_image_to_image());
  EXPECT_FALSE(recipe.has_sampler_options());
  EXPECT_FALSE(recipe.has_noise());
  EXPECT_FALSE(recipe.has_hires());
  EXPECT_FALSE(recipe.has_refiner());
}

// The canonical form that these recipes had before there were any such parts.
TEST(OptionalParts, RecipesWithoutThemKeepTheIdentityThatTheyHad) {
  SweepBuilder sweep = a_sweep().prompt("a cat face");
  sweep.base().set_steps(20);
  sweep.base().set_guidance_scale(6);
  sweep.base().set_sampler("Euler a");
  sweep.base().set_seed(1);

  const v1::Recipe recipe = cell_of(sweep);

  EXPECT_EQ(canonical_form(recipe),
            "furrow-recipe/1\nprompt=\"a cat face\"\nseed=1\nsteps=20\nguidance_scale=6\n"
            "sampler=\"euler_a\"\nschedule=\"normal\"\nwidth=128\nheight=128\nclip_skip=1\nmodel=" +
                sha256("emoji").hex() + "\n");
}

TEST(OptionalParts, APictureBringsTheDefaultsOfA1111) {
  SweepBuilder sweep = with_picture();
  *sweep.base().mutable_mask() = a_picture("mask.png");
  sweep.base().set_only_masked(true);

  const v1::ImageToImage run = cell_of(sweep).image_to_image();

  EXPECT_EQ(run.picture().name(), "/pictures/cat.png");
  EXPECT_EQ(run.picture().hash(), sha256("/pictures/cat.png").raw());
  EXPECT_EQ(run.denoising_strength(), kDefaultDenoisingStrength);
  EXPECT_EQ(run.inpaint().mask().hash(), sha256("mask.png").raw());
  EXPECT_EQ(run.inpaint().blur(), kDefaultMaskBlur);
  EXPECT_EQ(run.inpaint().padding(), kDefaultMaskPadding);
  EXPECT_EQ(run.inpaint().content(), v1::MASKED_CONTENT_ORIGINAL);
  EXPECT_FALSE(run.inpaint().inverted());
}

TEST(OptionalParts, PaddingCountsOnlyAroundAPartThatIsRendered) {
  SweepBuilder sweep = with_picture();
  *sweep.base().mutable_mask() = a_picture("mask.png");
  const Digest whole = recipe_hash(cell_of(sweep));
  sweep.base().set_mask_padding(8);

  EXPECT_EQ(recipe_hash(cell_of(sweep)), whole);
  sweep.base().set_only_masked(true);
  EXPECT_EQ(cell_of(sweep).image_to_image().inpaint().padding(), 8U);
}

TEST(OptionalParts, WhatIsWrittenOfAPictureIsTaken) {
  SweepBuilder sweep = with_picture();
  v1::Parameters& base = sweep.base();
  *base.mutable_mask() = a_picture("mask.png");
  base.set_denoising_strength(0);
  base.set_resize_mode("Crop and resize");
  base.set_mask_blur(0);
  base.set_mask_invert(true);
  base.set_masked_content("latent noise");
  base.set_only_masked(true);
  base.set_mask_padding(8);

  const v1::ImageToImage run = cell_of(sweep).image_to_image();

  EXPECT_EQ(run.denoising_strength(), 0);
  EXPECT_EQ(run.resize_mode(), v1::RESIZE_MODE_CROP);
  EXPECT_EQ(run.inpaint().blur(), 0);
  EXPECT_TRUE(run.inpaint().inverted());
  EXPECT_EQ(run.inpaint().content(), v1::MASKED_CONTENT_NOISE);
  EXPECT_TRUE(run.inpaint().only_masked());
  EXPECT_EQ(run.inpaint().padding(), 8U);
}

TEST(OptionalParts, APictureWithoutItsContentIsRefused) {
  SweepBuilder sweep = with_picture();
  sweep.base().mutable_init_image()->set_hash("short");

  EXPECT_THAT(fault_of(sweep), AllOf(HasSubstr("Init image"), HasSubstr("/pictures/cat.png")));
}

TEST(OptionalParts, OptionsOfSamplersAndNoiseAreThereWhenWritten) {
  SweepBuilder sweep = a_sweep().prompt("a cat");
  v1::Parameters& base = sweep.base();
  base.set_eta(0);
  base.set_s_churn(5);
  base.set_s_tmax(0);
  base.set_solver_order(3);
  base.set_discard_next_to_last_sigma(true);
  base.set_schedule_rho(0);
  base.set_flow_shift(3);
  base.set_noise_source("NV");
  base.set_variation_strength(0.25);
  base.set_eta_noise_seed_delta(31337);
  base.set_guidance_rescale(0.7);
  base.set_guidance_end(0.5);

  const v1::Recipe recipe = cell_of(sweep);

  EXPECT_TRUE(recipe.sampler_options().has_eta());
  EXPECT_EQ(recipe.sampler_options().s_churn(), 5);
  EXPECT_FALSE(recipe.sampler_options().has_s_tmax()) << "0 is no bound";
  EXPECT_EQ(recipe.sampler_options().order(), 3U);
  EXPECT_TRUE(recipe.sampler_options().discards_next_to_last_sigma());
  EXPECT_FALSE(recipe.sampler_options().has_rho()) << "0 is the schedule's own";
  EXPECT_EQ(recipe.sampler_options().shift(), 3);
  EXPECT_EQ(recipe.noise().source(), v1::NOISE_SOURCE_PHILOX);
  EXPECT_EQ(recipe.noise().variation_seed(), 1001U) << "drawn behind the seed";
  EXPECT_EQ(recipe.noise().variation_strength(), 0.25);
  EXPECT_EQ(recipe.noise().seed_delta(), 31337U);
  EXPECT_EQ(recipe.guidance_rescale(), 0.7);
  EXPECT_EQ(recipe.guidance_end(), 0.5);
}

TEST(OptionalParts, WhatDecidesNothingMakesNoOtherRecipe) {
  SweepBuilder sweep = a_sweep().prompt("a cat");
  const Digest plain = recipe_hash(cell_of(sweep));
  sweep.base().set_noise_source("CPU");
  sweep.base().set_variation_strength(0);
  sweep.base().set_variation_seed(77);
  sweep.base().set_seed_resize_width(128);
  sweep.base().set_seed_resize_height(128);
  sweep.base().set_solver_order(0);
  sweep.base().set_guidance_end(1);
  sweep.base().set_hires_width(0);
  sweep.base().set_hires_height(0);
  sweep.base().set_refiner("none");

  EXPECT_EQ(recipe_hash(cell_of(sweep)), plain);
}

TEST(OptionalParts, HiresFixByAScaleHasASize) {
  SweepBuilder sweep = with_hires().axis("Size", "128x128, 64x200");

  const v1::HiresFix hires = cell_of(sweep).hires();

  EXPECT_EQ(hires.width(), 256U);
  EXPECT_EQ(hires.height(), 256U);
  EXPECT_EQ(hires.scale(), 0);
  EXPECT_EQ(hires.upscaler(), kDefaultHiresUpscaler);
  EXPECT_EQ(hires.denoising_strength(), kDefaultHiresDenoisingStrength);
  EXPECT_EQ(cell_of(sweep, 1).hires().height(), 400U);
}

TEST(OptionalParts, OneSideOfHiresFixFollowsFromTheOther) {
  SweepBuilder sweep = a_sweep().prompt("a cat").axis("Size", "128x64, 64x128");
  sweep.base().set_hires_width(256);

  EXPECT_EQ(cell_of(sweep, 0).hires().height(), 128U);
  EXPECT_EQ(cell_of(sweep, 1).hires().height(), 512U);
}

TEST(OptionalParts, TheSecondRunIsWhatIsWrittenOfIt) {
  SweepBuilder sweep = with_hires();
  v1::Parameters& base = sweep.base();
  base.set_denoising_strength(0.4);
  base.set_hires_upscaler("Latent (Nearest-Exact)");
  base.set_hires_steps(7);
  base.set_hires_sampler("DPM++ 2M Karras");
  base.set_hires_guidance_scale(3);
  base.set_hires_prompt("a cat in detail");
  base.set_refiner("finisher");

  const v1::Recipe recipe = cell_of(sweep);

  EXPECT_EQ(recipe.hires().denoising_strength(), 0.4) << "the strength is that of the second run";
  EXPECT_EQ(recipe.hires().upscaler(), "latent (nearest-exact)");
  EXPECT_EQ(recipe.hires().steps(), 7U);
  EXPECT_EQ(recipe.hires().sampler(), "dpmpp_2m");
  EXPECT_EQ(recipe.hires().schedule(), "karras");
  EXPECT_EQ(recipe.hires().guidance_scale(), 3);
  EXPECT_EQ(recipe.hires().prompt(), "a cat in detail");
  EXPECT_EQ(recipe.refiner().model().name(), "finisher");
  EXPECT_EQ(recipe.refiner().switch_at(), kDefaultRefinerSwitch);
}

TEST(OptionalParts, TheSecondRunLeavesOutWhatTheFirstHas) {
  SweepBuilder sweep = with_hires();
  const Digest plain = recipe_hash(cell_of(sweep));
  sweep.base().set_hires_steps(kDefaultSteps);
  sweep.base().set_hires_sampler("Euler");
  sweep.base().set_hires_schedule("automatic");
  sweep.base().set_hires_guidance_scale(kDefaultGuidanceScale);
  sweep.base().set_hires_prompt("a cat");

  EXPECT_EQ(recipe_hash(cell_of(sweep)), plain);
}

TEST(OptionalParts, AnUpscalerMayBeAModel) {
  SweepBuilder sweep = with_hires();
  sweep.axis("Hires upscaler", "4x-sharp, Lanczos");

  EXPECT_EQ(cell_of(sweep, 0).hires().upscaler_model().hash(), sha256("4x-sharp").raw());
  EXPECT_EQ(cell_of(sweep, 0).hires().upscaler(), "");
  EXPECT_EQ(cell_of(sweep, 1).hires().upscaler(), "lanczos");
  EXPECT_FALSE(cell_of(sweep, 1).hires().has_upscaler_model());
}

TEST(OptionalParts, AxesOfThemSetThem) {
  SweepBuilder sweep = with_picture()
                           .axis("Denoising", "0.25, 1")
                           .axis("Variation strength", "0, 0.5")
                           .axis("Variation seed", "-1, 9")
                           .axis("Refiner", "none, finisher")
                           .axis("Sigma churn", "0-10 [2]");
  const auto plan = sweep.plan(with_refiner());
  ASSERT_TRUE(plan) << plan.error().message;
  const Grid grid(plan->plan);

  const v1::Recipe first = grid.recipe(0);
  const v1::Recipe last = grid.recipe(grid.cell_count() - 1);

  EXPECT_EQ(first.image_to_image().denoising_strength(), 0.25);
  EXPECT_FALSE(first.has_noise()) << "a seed that varies nothing";
  EXPECT_FALSE(first.has_refiner());
  EXPECT_TRUE(first.sampler_options().has_s_churn());
  EXPECT_EQ(last.image_to_image().denoising_strength(), 1);
  EXPECT_EQ(last.noise().variation_seed(), 9U);
  EXPECT_EQ(last.refiner().model().hash(), sha256("finisher").raw());
  EXPECT_EQ(last.sampler_options().s_churn(), 10);
  EXPECT_EQ(grid.coordinate_label(3, 0), "Refiner: None");
}

TEST(OptionalParts, WhatDecidesNothingIsAFaultEachNamed) {
  SweepBuilder sweep = a_sweep().prompt("a cat").axis("Denoising strength", "0.1, 0.2");
  v1::Parameters& base = sweep.base();
  base.set_mask_blur(3);
  base.set_hires_steps(3);
  base.set_refiner_switch_at(0.5);
  base.set_variation_seed(1);
  base.set_seed_resize_width(64);
  base.set_resize_mode("crop");

  const std::string faults = fault_of(sweep);

  EXPECT_THAT(faults, HasSubstr("Axis \"Denoising strength\" decides nothing without an init image "
                                "or hires fix."));
  EXPECT_THAT(faults, HasSubstr("Mask blur decides nothing without a mask. Add mask"));
  EXPECT_THAT(faults, HasSubstr("Hires steps decides nothing without hires fix. Add hires_scale"));
  EXPECT_THAT(faults, HasSubstr("Refiner switch at decides nothing without a refiner."));
  EXPECT_THAT(faults, HasSubstr("Variation seed decides nothing without a variation strength."));
  EXPECT_THAT(faults, HasSubstr("Seed resize width goes with Seed resize height."));
  EXPECT_THAT(faults, HasSubstr("Resize mode decides nothing without an init image."));
}

TEST(OptionalParts, ContradictionsAreFaults) {
  SweepBuilder sweep = with_hires();
  *sweep.base().mutable_mask() = a_picture("mask.png");
  sweep.base().set_hires_width(512);
  sweep.base().set_denoising_strength(0.5);
  sweep.base().set_hires_denoising_strength(0.6);
  sweep.base().set_hires_sampler("DPM++ 2M Karras");
  sweep.base().set_hires_schedule("exponential");
  sweep.base().set_schedule_min_sigma(3);
  sweep.base().set_schedule_max_sigma(2);

  const std::string faults = fault_of(sweep);

  EXPECT_THAT(faults, HasSubstr("no init image that it masks"));
  EXPECT_THAT(faults, HasSubstr("Hires upscale and Hires width set the same thing."));
  EXPECT_THAT(faults, HasSubstr("Denoising strength and Hires denoising strength set the same"));
  EXPECT_THAT(faults, HasSubstr("contradicts the sampler \"DPM++ 2M Karras\""));
  EXPECT_THAT(faults, HasSubstr("Schedule min sigma is 3 and must be less"));
}

TEST(OptionalParts, HiresFixDoesNotGoWithAPicture) {
  SweepBuilder sweep = with_picture();
  sweep.base().set_hires_scale(2);

  EXPECT_THAT(fault_of(sweep), HasSubstr("does not go with an init image"));
}

TEST(OptionalParts, ValuesOutOfRangeAndUnknownNamesAreFaultsAllAtOnce) {
  SweepBuilder sweep = with_hires();
  v1::Parameters& base = sweep.base();
  base.set_eta(1.5);
  base.set_guidance_end(0);
  base.set_hires_steps(-1);
  base.set_noise_source("gpus");
  base.set_hires_upscaler("latnet");
  base.set_refiner("finishr");
  base.set_variation_strength(std::numeric_limits<double>::quiet_NaN());
  base.set_hires_prompt("\xff");
  base.set_seed_resize_width(100);
  base.set_seed_resize_height(64);

  const std::string faults = fault_of(sweep);

  EXPECT_THAT(faults, HasSubstr("Eta: \"1.5\" is out of range. Eta is 0 to 1."));
  EXPECT_THAT(faults, HasSubstr("CFG end is more than 0, to 1."));
  EXPECT_THAT(faults, HasSubstr("Hires steps: \"-1\""));
  EXPECT_THAT(faults, HasSubstr("RNG: \"gpus\" is not known here."));
  EXPECT_THAT(faults, HasSubstr("Did you mean \"Latent\"?"));
  EXPECT_THAT(faults, HasSubstr("Did you mean \"finisher\"?"));
  EXPECT_THAT(faults, HasSubstr("Variation strength: \"nan\""));
  EXPECT_THAT(faults, HasSubstr("Hires prompt"));
  EXPECT_THAT(faults, HasSubstr("Seed resize width: \"100\" is not a multiple of 8"));
}

TEST(OptionalParts, HiresFixOfAnySizeInTheSweepIsBounded) {
  EXPECT_THAT(fault_of(with_hires().axis("Width", "128, 16384")),
              HasSubstr("makes a side of 32768 pixels of 16384x128"));

  SweepBuilder by_side = a_sweep().prompt("a cat").axis("Size", "1024x64, 64x1024");
  by_side.base().set_hires_width(2048);
  EXPECT_THAT(fault_of(by_side), HasSubstr("makes a side of 32768 pixels of 64x1024"));
}

TEST(OptionalParts, AModelOfACoarserMultipleNeedsBothSidesOfHiresFix) {
  Catalog coarse = {{a_model("coarse", {.vae_factor = 32})}, "coarse"};
  SweepBuilder sweep = with_hires();

  const auto scaled = sweep.plan(coarse);
  sweep.base().clear_hires_scale();
  sweep.base().set_hires_width(192);
  sweep.base().set_hires_height(192);
  const auto sized = sweep.plan(coarse);

  ASSERT_FALSE(scaled);
  EXPECT_THAT(scaled.error().message, HasSubstr("Give it both hires_width and hires_height"));
  EXPECT_TRUE(sized) << sized.error().message;
}

}  // namespace
}  // namespace furrow::spec
