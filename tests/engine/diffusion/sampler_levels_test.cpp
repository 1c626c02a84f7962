// Which levels of noise samplers meet, and what they do at the ends of what is possible.

#include <cmath>
#include <string>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/spec/sampler_names.h"
#include "tests/engine/diffusion/sampler_support.h"
#include "worker/engine/diffusion/sampler.h"

namespace furrow::engine::diffusion {

namespace {

using testing::HasSubstr;

/// A sampler that draws no noise of its own, for a model that says the clean latent itself.
std::unique_ptr<Sampler> calm_sampler(const char* name, int steps) {
  SchedulerConfig model = sd_config();
  model.prediction = Prediction::Sample;
  ScheduleRequest request;
  request.steps = steps;
  const SchedulerConfig config = config_of(name, "normal", model).value();
  auto sampler = make_sampler(config, request, {.eta = 0});
  return sampler ? *std::move(sampler) : make_sampler(config, request).value();
}

TEST(Sampler, IsAsNoisyInEveryCallAsItSays) {
  const at::Tensor clean = NoiseSource(1).normal(kShape);
  const at::Tensor noise = NoiseSource(2).normal(kShape);
  for (const char* name : {"euler",      "heun",         "heunpp2",
                           "lms",        "dpm2",         "dpm2_a",
                           "dpm_fast",   "dpm_adaptive", "restart",
                           "dpmpp_2m",   "dpmpp_2s_a",   "dpmpp_sde",
                           "unipc",      "ddim",         "res_3s",
                           "etdrk_4s_a", "pec_433",      "rk4",
                           "rk6",        "ssprk4",       "gauss_legendre_3s",
                           "radau_iia_3"}) {
    SCOPED_TRACE(name);
    const auto sampler = calm_sampler(name, 6);
    sampler->start(sampler->noised(clean, noise, 0));
    while (!sampler->is_finished()) {
      // An ideal model leads straight along the noise, so that the latent of every call is known.
      expect_near(sampler->latent(), sampler->noised(clean, noise, sampler->call()), 2e-4);
      sampler->advance(clean, [] { return at::zeros(kShape); });
    }
  }
}

TEST(Sampler, DiscardsTheLastLevelButOneWhereA1111Does) {
  const auto longer = sampler_named("euler", "karras", 13)->plan().schedule.sigmas;
  for (const char* name : {"dpm2", "dpm2_a", "dpmpp_3m_sde"}) {
    const auto sigmas = sampler_named(name, "karras", 12)->plan().schedule.sigmas;
    ASSERT_EQ(sigmas.size(), 13U) << name;
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(sigmas[i], longer[i]) << name;
    EXPECT_EQ(sigmas[12], 0);
  }
  EXPECT_GT(longer[11], longer[12]);
  EXPECT_EQ(sampler_named("dpmpp_2m", "karras", 12)->plan().schedule.sigmas[11], longer[12]);
}

TEST(Sampler, RestartsFlowMatchingAtTheSameNoiseOverSignal) {
  ScheduleRequest request;
  request.steps = 40;
  const auto sampler =
      make_sampler(config_of("restart", "normal", flow_config()).value(), request).value();
  int rises = 0;
  for (int call = 1; call < sampler->call_count(); ++call) {
    const double before = sampler->sigma_of(call - 1);
    const double after = sampler->sigma_of(call);
    if (after <= before + 1e-6) continue;
    ++rises;
    EXPECT_NEAR(before / (1 - before), 0.1, 0.08);
    EXPECT_NEAR(after / (1 - after), 2, 0.5);
  }

  EXPECT_EQ(rises, 2);
}

TEST(Sampler, StaysFiniteFromPureNoiseInTwoSteps) {
  SchedulerConfig model = sd_config();
  model.prediction = Prediction::V;
  model.rescale_betas_zero_snr = true;
  ScheduleRequest request;
  request.steps = 2;
  for (const auto& name : spec::samplers()) {
    if (spec::explain_mismatch(name.name, "karras")) continue;
    const auto sampler =
        make_sampler(config_of(name.name, "karras", model).value(), request).value();
    CountedNoise noise;
    sampler->start(noise.source.normal(kShape) * sampler->initial_scale());
    while (!sampler->is_finished()) sampler->advance(some_output(*sampler), noise.draw());

    EXPECT_TRUE(sampler->latent().isfinite().all().item<bool>()) << name.name;
  }
}

TEST(DpmAdaptive, HasNothingToDoWhereItsRunBeginsAtItsEnd) {
  const auto sampler = sampler_named("dpm_adaptive", "normal", 8);
  const at::Tensor latent = NoiseSource(1).normal(kShape);

  sampler->start(latent, sampler->first_call_of(7));
  sampler->advance(at::zeros(kShape), {});

  EXPECT_TRUE(sampler->is_finished());
  EXPECT_FALSE(sampler->fault());
  EXPECT_TRUE(sampler->latent().equal(latent));
  EXPECT_TRUE(sampler->denoised().defined());
}

TEST(DpmAdaptive, GoesOnFromALatentThatIsPutInItsPlace) {
  const auto sampler = calm_sampler("dpm_adaptive", 8);
  sampler->start(at::ones(kShape) * sampler->initial_scale());

  // The model says 0 everywhere, so a step from 0 stays there.
  while (!sampler->is_finished()) {
    sampler->replace_latent(at::zeros(kShape));
    sampler->advance(at::zeros(kShape), {});
  }

  expect_near(sampler->latent(), at::zeros(kShape), 1e-6);
}

TEST(DpmAdaptive, GivesUpWhenNoStepIsShortEnough) {
  const auto sampler = sampler_named("dpm_adaptive", "normal", 8, Prediction::Sample);
  CountedNoise noise;
  sampler->start(noise.source.normal(kShape) * sampler->initial_scale());
  NoiseSource answers(3);
  int calls = 0;
  while (!sampler->is_finished() && ++calls < 5000)
    sampler->advance(answers.normal(kShape) * 1000, noise.draw());

  EXPECT_LE(calls, 1000);
  ASSERT_TRUE(sampler->fault());
  EXPECT_THAT(*sampler->fault(), HasSubstr("dpm_adaptive"));

  sampler->start(noise.source.normal(kShape));
  EXPECT_FALSE(sampler->fault());
  EXPECT_FALSE(sampler->is_finished());
}

TEST(DpmAdaptive, TellsHowMuchOfItsRunIsDone) {
  const auto sampler = sampler_named("dpm_adaptive", "normal", 8);
  CountedNoise noise;
  sampler->start(noise.source.normal(kShape) * sampler->initial_scale());
  EXPECT_EQ(sampler->share_done(0, 0, sampler->call_count()), 0);
  double most = 0;
  while (!sampler->is_finished()) {
    const double done = sampler->share_done(sampler->call(), 0, sampler->call_count());
    EXPECT_GE(sampler->share_done(sampler->call() + 1, 0, sampler->call_count()), 0);
    EXPECT_LE(done, 1);
    most = std::max(most, done);
    sampler->advance(some_output(*sampler), noise.draw());
  }

  EXPECT_GT(most, 0.8);
  EXPECT_EQ(sampler->share_done(sampler->call_count(), 0, sampler->call_count()), 1);
}

TEST(Sampler, CountsItsCallsAsTheShareThatIsDone) {
  const auto sampler = sampler_named("heun", "normal", 5);

  EXPECT_EQ(sampler->share_done(0, 0, 9), 0);
  EXPECT_EQ(sampler->share_done(3, 0, 9), 3. / 9);
  EXPECT_EQ(sampler->share_done(7, 5, 9), 0.5);
  EXPECT_EQ(sampler->share_done(9, 0, 9), 1);
}

TEST(Sampler, NeedsTheNegativeAnswerAlwaysOnlyByCfgPlusPlus) {
  EXPECT_TRUE(needs_negative("ddim_cfgpp"));
  EXPECT_FALSE(needs_negative("ddim"));
  EXPECT_FALSE(needs_negative("euler_a"));
  EXPECT_FALSE(needs_negative("no such sampler"));
}

}  // namespace

}  // namespace furrow::engine::diffusion
