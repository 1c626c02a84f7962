#include "common/spec/inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/digest.h"

namespace furrow::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::PictureRef a_picture(const std::string& name) {
  v1::PictureRef picture;
  picture.set_name(name);
  picture.set_hash(sha256(name).raw());
  return picture;
}

v1::ModelRef a_model(const std::string& name) {
  v1::ModelRef model;
  model.set_name(name);
  model.set_hash(sha256(name).raw());
  return model;
}

std::vector<std::string> names_of(const std::vector<v1::PictureRef>& pictures) {
  std::vector<std::string> names;
  for (const auto& picture : pictures) names.push_back(picture.name());
  return names;
}

std::vector<std::string> names_of(const std::vector<NamedModel>& models) {
  std::vector<std::string> names;
  for (const auto& [part, model] : models) {
    names.push_back(std::string(name_of(part)) + " " + model->name());
  }
  return names;
}

TEST(Inputs, PicturesAreToldByTheirSignature) {
  using namespace std::string_view_literals;
  EXPECT_TRUE(is_picture("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"sv));
  EXPECT_TRUE(is_picture("\xff\xd8\xff\xe0\0\x10JFIF"sv));
  EXPECT_TRUE(is_picture("RIFF\x1a\0\0\0WEBPVP8L"sv));

  EXPECT_FALSE(is_picture(""));
  EXPECT_FALSE(is_picture("a cat face"));
  EXPECT_FALSE(is_picture("\x89PNG\n\x1a\n"sv)) << "a transfer in text mode damaged it";
  EXPECT_FALSE(is_picture("RIFF\x1a\0\0\0WAVEfmt "sv));
  EXPECT_FALSE(is_picture("RIFFWEBP"sv));
}

TEST(Inputs, TextToImageNamesNoPicture) {
  v1::Plan plan;
  plan.mutable_base()->set_prompt("a cat face");

  EXPECT_THAT(inputs_of(plan), IsEmpty());
}

TEST(Inputs, AreThePictureAndTheMask) {
  v1::Plan plan;
  auto& start = *plan.mutable_base()->mutable_image_to_image();
  *start.mutable_picture() = a_picture("cat.png");
  *start.mutable_inpaint()->mutable_mask() = a_picture("mask.png");

  EXPECT_THAT(names_of(inputs_of(plan.base())), ElementsAre("cat.png", "mask.png"));
  EXPECT_THAT(names_of(inputs_of(plan)), ElementsAre("cat.png", "mask.png"));
}

TEST(Inputs, OneContentUnderTwoNamesCountsOnce) {
  v1::Recipe recipe;
  auto& start = *recipe.mutable_image_to_image();
  *start.mutable_picture() = a_picture("cat.png");
  *start.mutable_inpaint()->mutable_mask() = a_picture("cat.png");
  start.mutable_inpaint()->mutable_mask()->set_name("copy.png");

  EXPECT_THAT(names_of(inputs_of(recipe)), ElementsAre("cat.png"));
}

TEST(Inputs, ModelsAreAllWeightsThatARecipeNames) {
  v1::Recipe recipe;
  *recipe.mutable_model() = a_model("emoji");
  EXPECT_THAT(names_of(models_of(recipe)), ElementsAre("model emoji"));

  *recipe.mutable_vae() = a_model("sharp");
  *recipe.add_loras() = a_model("fur");
  *recipe.add_loras() = a_model("ink");
  *recipe.mutable_refiner()->mutable_model() = a_model("fine");
  *recipe.mutable_hires()->mutable_upscaler_model() = a_model("esrgan");
  EXPECT_THAT(names_of(models_of(recipe)),
              ElementsAre("model emoji", "VAE sharp", "LoRA fur", "LoRA ink", "refiner fine",
                          "upscaler esrgan"));
}

TEST(Inputs, SameModelsAreThoseOfTheSameContentInTheSamePlace) {
  v1::Recipe plain;
  *plain.mutable_model() = a_model("emoji");
  v1::Recipe renamed = plain;
  renamed.mutable_model()->set_name("smileys");
  v1::Recipe with_lora = plain;
  *with_lora.add_loras() = a_model("fur");
  v1::Recipe with_vae = plain;
  *with_vae.mutable_vae() = a_model("fur");

  EXPECT_TRUE(have_same_models(plain, renamed));
  EXPECT_FALSE(have_same_models(plain, with_lora));
  EXPECT_FALSE(have_same_models(with_vae, with_lora));
}

}  // namespace
}  // namespace furrow::spec
