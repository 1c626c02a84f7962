#include "worker/engine/pipelines/batcher.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "tests/engine/pipelines/embedded_model.h"

namespace furrow::engine::pipelines {

namespace {

/// Summation order differs between batch sizes; a few steps of a network make this of it.
constexpr double kRounding = 2e-3;

bool is_close(const at::Tensor& a, const at::Tensor& b) {
  return at::allclose(a, b, kRounding, kRounding);
}

/// Cells that differ in everything that may differ within a batch.
std::vector<v1::Recipe> various_recipes() {
  std::vector<v1::Recipe> recipes(6, a_recipe());
  recipes[1].set_sampler("heun");
  recipes[1].set_schedule("karras");
  recipes[1].set_seed(2);
  recipes[2].set_sampler("ddim");
  recipes[2].set_steps(7);
  recipes[2].set_prompt("rocket");
  recipes[3].set_sampler("dpmpp_2m_sde");
  recipes[3].set_guidance_scale(1);
  recipes[4].set_sampler("dpmpp_2m");
  recipes[4].set_schedule("exponential");
  recipes[4].set_negative_prompt("dog face");
  recipes[5].set_prompt("a (cat:1.3) [face|rocket] AND [dog face:sun:0.5] :-0.4");
  return recipes;
}

void run_all(Batcher& batcher, std::size_t most_ticks = 100) {
  for (std::size_t i = 0; i < most_ticks; ++i) batcher.tick(embedded_network());
}

at::Tensor latent_alone(const v1::Recipe& recipe) {
  Batcher batcher;
  batcher.add(0, begin(recipe).value());
  while (!batcher.at(0).sampler->is_finished()) batcher.tick(embedded_network());
  return batcher.at(0).sampler->latent();
}

TEST(Batcher, GivesEachCellWhatItGetsAlone) {
  const c10::InferenceMode no_gradients;
  const auto recipes = various_recipes();
  Batcher batcher;
  for (std::size_t i = 0; i < recipes.size(); ++i) batcher.add(i, begin(recipes[i]).value());

  run_all(batcher, 7);

  for (std::size_t i = 0; i < recipes.size(); ++i) {
    ASSERT_TRUE(batcher.at(i).sampler->is_finished());
    const at::Tensor alone = latent_alone(recipes[i]);
    EXPECT_TRUE(is_close(batcher.at(i).sampler->latent(), alone))
        << i << ": " << (batcher.at(i).sampler->latent() - alone).abs().max();
  }
}

TEST(Batcher, GivesTheSameInPassesOfAnySize) {
  const c10::InferenceMode no_gradients;
  const auto recipes = various_recipes();
  Batcher whole;
  Batcher split;
  split.set_most_rows(3);
  for (std::size_t i = 0; i < recipes.size(); ++i) {
    whole.add(i, begin(recipes[i]).value());
    split.add(i, begin(recipes[i]).value());
  }

  run_all(whole, 7);
  run_all(split, 7);

  for (std::size_t i = 0; i < recipes.size(); ++i)
    EXPECT_TRUE(is_close(whole.at(i).sampler->latent(), split.at(i).sampler->latent())) << i;
}

TEST(Batcher, LetsACellJoinWhileOthersAreUnderWay) {
  const c10::InferenceMode no_gradients;
  v1::Recipe late = a_recipe();
  late.set_seed(9);
  Batcher batcher;
  batcher.add(0, begin(a_recipe()).value());
  batcher.tick(embedded_network());
  batcher.tick(embedded_network());

  batcher.add(1, begin(late).value());
  run_all(batcher, 4);

  EXPECT_TRUE(is_close(batcher.at(0).sampler->latent(), latent_alone(a_recipe())));
  EXPECT_TRUE(is_close(batcher.at(1).sampler->latent(), latent_alone(late)));
}

TEST(Batcher, IsNotDisturbedByACellThatLeaves) {
  const c10::InferenceMode no_gradients;
  v1::Recipe other = a_recipe();
  other.set_seed(9);
  Batcher batcher;
  batcher.add(0, begin(a_recipe()).value());
  batcher.add(1, begin(other).value());
  batcher.tick(embedded_network());

  const Denoising left = batcher.remove(1);
  run_all(batcher, 3);

  EXPECT_EQ(left.sampler->call(), 1);
  EXPECT_EQ(batcher.size(), 1U);
  EXPECT_TRUE(is_close(batcher.at(0).sampler->latent(), latent_alone(a_recipe())));
}

TEST(Batcher, TakesPromptsOfDifferentLengths) {
  const c10::InferenceMode no_gradients;
  v1::Recipe long_prompt = a_recipe();
  std::string words;
  for (int i = 0; i < 60; ++i) words += "cat face, ";
  long_prompt.set_prompt(words);
  Batcher batcher;
  batcher.add(0, begin(a_recipe()).value());
  batcher.add(1, begin(long_prompt).value());
  ASSERT_NE(batcher.at(0).tokens(), batcher.at(1).tokens());

  run_all(batcher, 4);

  EXPECT_TRUE(is_close(batcher.at(0).sampler->latent(), latent_alone(a_recipe())));
  EXPECT_TRUE(is_close(batcher.at(1).sampler->latent(), latent_alone(long_prompt)));
}

TEST(Batcher, TakesEveryStepsOwnPrompt) {
  const c10::InferenceMode no_gradients;
  v1::Recipe scheduled = a_recipe();
  scheduled.set_prompt("[cat face:rocket:2]");
  v1::Recipe first = a_recipe();
  v1::Recipe second = a_recipe();
  second.set_prompt("rocket");
  Batcher batcher;
  batcher.add(0, begin(scheduled).value());
  batcher.add(1, begin(first).value());

  run_all(batcher, 2);
  EXPECT_TRUE(is_close(batcher.at(0).sampler->latent(), batcher.at(1).sampler->latent()));
  Denoising other = batcher.remove(1);
  other.conditioning = begin(second).value().conditioning;
  batcher.add(1, std::move(other));
  run_all(batcher, 2);

  EXPECT_TRUE(is_close(batcher.at(0).sampler->latent(), batcher.at(1).sampler->latent()));
  EXPECT_FALSE(is_close(batcher.at(0).sampler->latent(), latent_alone(first)));
}

TEST(Batcher, AsksForBothHalvesOfAStepWithTheSamePrompt) {
  const c10::InferenceMode no_gradients;
  v1::Recipe recipe = a_recipe();
  recipe.set_sampler("heun");
  recipe.set_steps(2);
  recipe.set_prompt("[cat face|rocket]");
  v1::Recipe first = recipe;
  first.set_prompt("cat face");
  Batcher batcher;
  batcher.add(0, begin(recipe).value());
  batcher.add(1, begin(first).value());

  run_all(batcher, 2);  // both calls of the first step

  EXPECT_TRUE(is_close(batcher.at(0).sampler->latent(), batcher.at(1).sampler->latent()));
  run_all(batcher, 1);
  EXPECT_FALSE(is_close(batcher.at(0).sampler->latent(), batcher.at(1).sampler->latent()));
}

TEST(Batcher, ComposesPrompts) {
  const c10::InferenceMode no_gradients;
  v1::Recipe plain = a_recipe();
  plain.set_prompt("cat face");
  v1::Recipe halves = a_recipe();
  halves.set_prompt("cat face :0.5 AND cat face :0.5");
  v1::Recipe different = a_recipe();
  different.set_prompt("cat face :0.5 AND rocket :0.5");
  Batcher batcher;
  batcher.add(0, begin(halves).value());
  batcher.add(1, begin(different).value());
  EXPECT_EQ(batcher.at(0).rows(), 3);

  run_all(batcher, 4);

  EXPECT_TRUE(is_close(batcher.at(0).sampler->latent(), latent_alone(plain)));
  EXPECT_FALSE(is_close(batcher.at(1).sampler->latent(), latent_alone(plain)));
  EXPECT_TRUE(is_close(batcher.at(1).sampler->latent(), latent_alone(different)));
}

TEST(Batcher, ComposesWithoutANegativePromptWhenThatCancelsOut) {
  const c10::InferenceMode no_gradients;
  v1::Recipe recipe = a_recipe();
  recipe.set_guidance_scale(2);
  recipe.set_prompt("cat face :0.25 AND rocket :0.25");
  Denoising with_negative = begin(recipe).value();
  EXPECT_EQ(with_negative.rows(), 2);
  with_negative.conditioning.negative = encode_prompt(embedded_model(), "dog face").value();
  Batcher batcher;
  batcher.add(0, std::move(with_negative));

  run_all(batcher, 4);

  EXPECT_TRUE(is_close(batcher.at(0).sampler->latent(), latent_alone(recipe)));
}

TEST(Batcher, LosesOnlyTheCellWhoseNumbersAreNotFinite) {
  const c10::InferenceMode no_gradients;
  Denoising broken = begin(a_recipe()).value();
  ScheduledConditioning& prompt = broken.conditioning.positives.front().prompt;
  prompt = at::full_like(prompt.at(0).states, std::numeric_limits<float>::quiet_NaN());
  Batcher batcher;
  batcher.add(0, std::move(broken));
  batcher.add(1, begin(a_recipe()).value());

  run_all(batcher, 4);

  EXPECT_TRUE(batcher.at(0).is_broken);
  EXPECT_EQ(batcher.at(0).sampler->call(), 0);
  EXPECT_FALSE(batcher.at(1).is_broken);
  EXPECT_TRUE(is_close(batcher.at(1).sampler->latent(), latent_alone(a_recipe())));
}

TEST(Batcher, PutsBackTheKnownRegionOfOnlyTheCellThatHasOne) {
  const c10::InferenceMode no_gradients;
  Denoising inpainted = begin(a_recipe()).value();
  const at::Tensor kept = at::full_like(inpainted.sampler->latent(), 0.5);
  const at::Tensor repaint = at::zeros({1, 1, kept.size(2), kept.size(3)});
  repaint.narrow(3, 0, 1).fill_(1);
  inpainted.known = KnownRegion{kept, at::zeros_like(kept), repaint};
  Batcher batcher;
  batcher.add(0, std::move(inpainted));
  batcher.add(1, begin(a_recipe()).value());

  run_all(batcher, 4);

  const at::Tensor latent = batcher.at(0).sampler->latent();
  const std::int64_t others = kept.size(3) - 1;
  EXPECT_TRUE(at::equal(latent.narrow(3, 1, others), kept.narrow(3, 1, others)));
  EXPECT_FALSE(is_close(latent.narrow(3, 0, 1), kept.narrow(3, 0, 1)));
  EXPECT_TRUE(is_close(batcher.at(1).sampler->latent(), latent_alone(a_recipe())));
}

TEST(Batcher, LeavesACellAloneThatEndsBeforeItsSchedule) {
  const c10::InferenceMode no_gradients;
  Denoising early = begin(a_recipe()).value();
  early.end_call = 2;
  Batcher batcher;
  batcher.add(0, std::move(early));
  batcher.add(1, begin(a_recipe()).value());

  run_all(batcher, 4);

  EXPECT_EQ(batcher.at(0).sampler->call(), 2);
  EXPECT_TRUE(batcher.at(0).is_finished());
  EXPECT_TRUE(batcher.at(1).sampler->is_finished());
}

TEST(Batcher, NeedsOnlyTheConditionalHalfAtGuidanceScaleOne) {
  const c10::InferenceMode no_gradients;
  v1::Recipe recipe = a_recipe();
  recipe.set_guidance_scale(1);
  Denoising both = begin(recipe).value();
  EXPECT_EQ(both.rows(), 1);
  both.conditioning.negative = encode_prompt(embedded_model(), "dog face").value();
  Batcher batcher;
  batcher.add(0, std::move(both));

  run_all(batcher, 4);

  EXPECT_TRUE(is_close(batcher.at(0).sampler->latent(), latent_alone(recipe)));
}

}  // namespace

}  // namespace furrow::engine::pipelines
