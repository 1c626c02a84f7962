#include "common/image/recipe_fields.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::image {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Key;
using testing::Not;
using testing::Pair;

v1::Recipe a_recipe() {
  v1::Recipe recipe;
  recipe.set_steps(20);
  recipe.set_sampler("euler_a");
  recipe.set_schedule("normal");
  recipe.set_guidance_scale(7);
  recipe.set_width(512);
  recipe.set_height(768);
  recipe.mutable_model()->set_name("emoji");
  return recipe;
}

TEST(RecipeFields, ARunFromAPictureIsWrittenAsA1111Does) {
  v1::Recipe recipe = a_recipe();
  v1::ImageToImage& run = *recipe.mutable_image_to_image();
  run.mutable_picture()->set_hash(std::string(32, '\xab'));
  run.set_denoising_strength(0);
  run.set_resize_mode(v1::RESIZE_MODE_CROP);
  run.set_image_guidance_scale(2);
  v1::Inpaint& inpaint = *run.mutable_inpaint();
  inpaint.set_blur(4);
  inpaint.set_inverted(true);
  inpaint.set_content(v1::MASKED_CONTENT_NOISE);
  inpaint.set_only_masked(true);
  inpaint.set_padding(32);

  EXPECT_THAT(
      recipe_fields(recipe),
      IsSupersetOf({Pair("Denoising strength", "0"), Pair("Init image hash", "ababababab"),
                    Pair("Resize mode", "Crop and resize"), Pair("Image CFG scale", "2"),
                    Pair("Mask blur", "4"), Pair("Mask mode", "Inpaint not masked"),
                    Pair("Masked content", "latent noise"), Pair("Inpaint area", "Only masked"),
                    Pair("Masked area padding", "32")}));
}

TEST(RecipeFields, WhatIsAsUsualIsLeftOut) {
  v1::Recipe recipe = a_recipe();
  v1::ImageToImage& run = *recipe.mutable_image_to_image();
  run.set_resize_mode(v1::RESIZE_MODE_STRETCH);
  run.set_image_guidance_scale(1.5);
  run.mutable_inpaint()->set_content(v1::MASKED_CONTENT_ORIGINAL);
  run.mutable_inpaint()->set_padding(32);

  const auto fields = recipe_fields(recipe);

  for (const char* key : {"Resize mode", "Image CFG scale", "Mask mode", "Masked content",
                          "Inpaint area", "Masked area padding", "Variation seed", "ENSD", "Eta",
                          "Hires upscale", "Refiner", "Lora hashes", "CFG rescale", "CFG end"}) {
    EXPECT_THAT(fields, Not(Contains(Key(key))));
  }
  EXPECT_THAT(fields, Contains(Pair("RNG", "CPU")));
}

TEST(RecipeFields, HiresFixAndRefinerAreWrittenAsA1111Does) {
  v1::Recipe recipe = a_recipe();
  v1::HiresFix& hires = *recipe.mutable_hires();
  hires.set_width(768);
  hires.set_height(1152);
  hires.set_upscaler("latent (nearest-exact)");
  hires.set_steps(10);
  hires.set_denoising_strength(0.7);
  hires.set_sampler("dpmpp_2m");
  hires.set_schedule("karras");
  hires.set_guidance_scale(5);
  hires.set_prompt("in detail");
  recipe.mutable_refiner()->mutable_model()->set_name("fin: isher");
  recipe.mutable_refiner()->mutable_model()->set_hash(std::string(32, '\xcd'));
  recipe.mutable_refiner()->set_switch_at(0.8);

  EXPECT_THAT(
      recipe_fields(recipe),
      IsSupersetOf({Pair("Denoising strength", "0.7"), Pair("Hires prompt", "in detail"),
                    Pair("Hires upscale", "1.5"), Pair("Hires steps", "10"),
                    Pair("Hires upscaler", "Latent (nearest-exact)"),
                    Pair("Hires sampler", "DPM++ 2M"), Pair("Hires schedule type", "Karras"),
                    Pair("Hires CFG Scale", "5"), Pair("Refiner", "fin isher [cdcdcdcdcd]"),
                    Pair("Refiner switch at", "0.8")}));
}

TEST(RecipeFields, HiresFixToAnotherShapeHasItsSize) {
  v1::Recipe recipe = a_recipe();
  recipe.mutable_hires()->set_width(1024);
  recipe.mutable_hires()->set_height(1024);
  recipe.mutable_hires()->mutable_upscaler_model()->set_name("4x-sharp");

  EXPECT_THAT(recipe_fields(recipe), IsSupersetOf({Pair("Hires resize", "1024x1024"),
                                                   Pair("Hires upscaler", "4x-sharp")}));
}

TEST(RecipeFields, NoiseAndSamplerOptionsAreWrittenWhenSet) {
  v1::Recipe recipe = a_recipe();
  v1::NoiseOptions& noise = *recipe.mutable_noise();
  noise.set_source(v1::NOISE_SOURCE_PHILOX);
  noise.set_variation_seed(0);
  noise.set_variation_strength(0.25);
  noise.set_resize_width(256);
  noise.set_resize_height(384);
  noise.set_seed_delta(31337);
  v1::SamplerOptions& options = *recipe.mutable_sampler_options();
  options.set_eta(0);
  options.set_s_churn(5);
  options.set_s_tmin(0.1);
  options.set_s_noise(1.01);
  options.set_sigma_min(0.03);
  options.set_rho(5);
  options.set_discards_next_to_last_sigma(true);

  EXPECT_THAT(recipe_fields(recipe),
              IsSupersetOf({Pair("RNG", "NV"), Pair("Variation seed", "0"),
                            Pair("Variation seed strength", "0.25"),
                            Pair("Seed resize from", "256x384"), Pair("ENSD", "31337"),
                            Pair("Eta", "0"), Pair("Sigma churn", "5"), Pair("Sigma tmin", "0.1"),
                            Pair("Sigma noise", "1.01"), Pair("Schedule min sigma", "0.03"),
                            Pair("Schedule rho", "5"), Pair("Discard penultimate sigma", "True")}));
}

TEST(RecipeFields, LorasAreListedWithTheirHashes) {
  v1::Recipe recipe = a_recipe();
  for (const char* name : {"detail", "ink, wet"}) {
    v1::ModelRef& lora = *recipe.add_loras();
    lora.set_name(name);
    lora.set_hash(std::string(32, '\xef'));
  }

  EXPECT_THAT(recipe_fields(recipe),
              Contains(Pair("Lora hashes", "detail: efefefefef, ink wet: efefefefef")));
}

TEST(RecipeFields, OptionsOfAnotherVersionStandAsNumbers) {
  v1::Recipe recipe = a_recipe();
  recipe.mutable_image_to_image()->set_resize_mode(static_cast<v1::ResizeMode>(77));

  EXPECT_THAT(recipe_fields(recipe), Contains(Pair("Resize mode", "77")));
}

}  // namespace
}  // namespace furrow::image
