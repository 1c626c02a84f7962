#include "common/spec/settle.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

namespace furrow::spec {
namespace {

using google::protobuf::util::MessageDifferencer;

v1::Recipe a_recipe() {
  v1::Recipe recipe;
  recipe.set_sampler("dpmpp_2m");
  recipe.set_schedule("automatic");
  recipe.set_steps(20);
  recipe.set_width(128);
  recipe.set_height(64);
  return recipe;
}

TEST(Settle, ChangesNothingTwice) {
  v1::Recipe recipe = a_recipe();
  recipe.mutable_hires()->set_scale(1.3);
  recipe.mutable_hires()->set_sampler("euler");
  recipe.mutable_hires()->set_schedule("automatic");
  recipe.mutable_noise()->set_variation_seed(3);
  settle(recipe);
  const v1::Recipe once = recipe;

  settle(recipe);

  EXPECT_TRUE(MessageDifferencer::Equals(recipe, once));
}

TEST(Settle, AnAutomaticScheduleIsThatOfItsOwnRunsSampler) {
  v1::Recipe recipe = a_recipe();
  recipe.mutable_hires()->set_scale(2);
  recipe.mutable_hires()->set_sampler("euler");
  recipe.mutable_hires()->set_schedule("automatic");

  settle(recipe);

  EXPECT_EQ(recipe.schedule(), "karras");
  EXPECT_EQ(recipe.hires().schedule(), "normal");
}

TEST(Settle, SidesOfHiresFixAreTheNearestMultiples) {
  v1::Recipe recipe = a_recipe();
  recipe.mutable_hires()->set_scale(1.3);

  settle(recipe);

  EXPECT_EQ(recipe.hires().width(), 168U);  // 166.4
  EXPECT_EQ(recipe.hires().height(), 80U);  // 83.2
}

TEST(Settle, HiresFixWithoutASizeIsNone) {
  v1::Recipe recipe = a_recipe();
  recipe.mutable_hires()->set_upscaler("latent");

  settle(recipe);

  EXPECT_FALSE(recipe.has_hires());
}

TEST(Settle, AnEtaOfZeroIsKeptAndAnEmptyMessageIsNot) {
  v1::Recipe recipe = a_recipe();
  recipe.mutable_sampler_options()->set_eta(0);
  recipe.mutable_refiner()->set_switch_at(0.5);
  settle(recipe);
  EXPECT_TRUE(recipe.sampler_options().has_eta());
  EXPECT_FALSE(recipe.has_refiner());

  recipe.mutable_sampler_options()->clear_eta();
  settle(recipe);
  EXPECT_FALSE(recipe.has_sampler_options());
}

TEST(Settle, WhatAnotherVersionCallsASamplerStays) {
  v1::Recipe recipe = a_recipe();
  recipe.set_sampler("sampler_of_tomorrow");

  settle(recipe);

  EXPECT_EQ(recipe.schedule(), "automatic");
}

}  // namespace
}  // namespace furrow::spec
