#include "coordinator/scheduler/fit.h"

#include <gtest/gtest.h>

#include "tests/coordinator/support/sweeps.h"

namespace furrow::scheduler {
namespace {

Needs needs_of_model(const std::string& model, const std::string& sampler = "euler") {
  v1::Recipe recipe;
  *recipe.mutable_model() = test::model_ref(model);
  recipe.set_sampler(sampler);
  return needs_of(recipe);
}

v1::Capabilities capabilities_with(const std::string& model, const std::string& family) {
  v1::Capabilities capabilities;
  v1::ModelOnDisk& on_disk = *capabilities.add_models();
  *on_disk.mutable_model() = test::model_ref(model);
  on_disk.set_family(family);
  v1::DeviceInfo& device = *capabilities.add_devices();
  device.add_samplers("euler");
  device.add_families("sd1");
  return capabilities;
}

TEST(Fit, AModelIsItsContentAndNotItsName) {
  v1::Capabilities renamed = capabilities_with("cats", "sd1");
  renamed.mutable_models(0)->mutable_model()->set_name("felines");
  v1::Capabilities same_name = capabilities_with("cats", "sd1");
  same_name.mutable_models(0)->mutable_model()->set_hash(sha256("dogs").raw());

  EXPECT_EQ(fit(needs_of_model("cats"), abilities_of(renamed)), Fit::Fits);
  EXPECT_EQ(fit(needs_of_model("cats"), abilities_of(same_name)), Fit::NoModel);
}

TEST(Fit, NamesWhatIsMissing) {
  const Abilities able = abilities_of(capabilities_with("cats", "sd1"));
  v1::Recipe recipe;
  *recipe.mutable_model() = test::model_ref("cats");
  *recipe.mutable_vae() = test::model_ref("sharp");
  const Needs with_vae = needs_of(recipe);

  EXPECT_EQ(fit(needs_of_model("cats"), Abilities{}), Fit::NoDevice);
  EXPECT_EQ(fit(with_vae, able), Fit::NoOther);
  EXPECT_EQ(fit(needs_of_model("cats", "heun"), able), Fit::NoSampler);
  EXPECT_EQ(fit(needs_of_model("cats"), abilities_of(capabilities_with("cats", "sdxl"))),
            Fit::NoFamily);
  EXPECT_EQ(missing(with_vae, Fit::NoOther), "has VAE sharp");
}

TEST(Fit, WhateverGoesWithTheModelMustBeThere) {
  v1::Recipe recipe;
  *recipe.mutable_model() = test::model_ref("cats");
  recipe.set_sampler("euler");
  *recipe.add_loras() = test::model_ref("fur");
  *recipe.mutable_refiner()->mutable_model() = test::model_ref("fine");
  *recipe.mutable_hires()->mutable_upscaler_model() = test::model_ref("esrgan");
  const Needs needs = needs_of(recipe);
  v1::Capabilities capabilities = capabilities_with("cats", "sd1");

  for (const char* name : {"fur", "fine", "esrgan"}) {
    EXPECT_EQ(fit(needs, abilities_of(capabilities)), Fit::NoOther) << "before " << name;
    *capabilities.add_models()->mutable_model() = test::model_ref(name);
  }
  EXPECT_EQ(fit(needs, abilities_of(capabilities)), Fit::Fits);
  EXPECT_EQ(missing(needs, Fit::NoOther), "has LoRA fur, refiner fine and upscaler esrgan");
}

TEST(Fit, ADeviceWithoutListsTakesEverything) {
  v1::Capabilities open = capabilities_with("cats", "anything");
  open.mutable_devices(0)->clear_samplers();
  open.mutable_devices(0)->clear_families();

  EXPECT_EQ(fit(needs_of_model("cats", "heun"), abilities_of(open)), Fit::Fits);
}

TEST(Fit, OneDeviceMustDoBothFamilyAndSampler) {
  v1::Capabilities split = capabilities_with("cats", "sdxl");
  v1::DeviceInfo& other = *split.add_devices();
  other.add_samplers("heun");
  other.add_families("sdxl");

  EXPECT_EQ(fit(needs_of_model("cats", "euler"), abilities_of(split)), Fit::NoSampler);
  EXPECT_EQ(fit(needs_of_model("cats", "heun"), abilities_of(split)), Fit::Fits);
}

}  // namespace
}  // namespace furrow::scheduler
