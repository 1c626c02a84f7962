#include "worker/engine/diffusion/schedule.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/spec/sampler_names.h"
#include "worker/engine/diffusion/sampler_class.h"

namespace furrow::engine::diffusion {

namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

/// Stable Diffusion 1.5's.
SchedulerConfig sd_config() {
  SchedulerConfig config;
  config.class_name = "EulerDiscreteScheduler";
  config.beta_start = 0.00085;
  config.beta_end = 0.012;
  config.beta_schedule = BetaSchedule::ScaledLinear;
  config.spacing = TimestepSpacing::Leading;
  config.steps_offset = 1;
  config.set_alpha_to_one = false;
  return config;
}

Schedule schedule_of(const SchedulerConfig& config, int steps) {
  ScheduleRequest request;
  request.steps = steps;
  return make_schedule(config, trained_noise(config), {}, request).value();
}

TEST(TrainedNoise, RisesFromNearlyCleanToNearlyNoise) {
  const TrainedNoise trained = trained_noise(sd_config());

  ASSERT_EQ(trained.sigmas.size(), 1000U);
  EXPECT_NEAR(trained.sigmas.front(), 0.0291675, 1e-6);  // as published for Stable Diffusion
  EXPECT_NEAR(trained.sigmas.back(), 14.614647, 1e-5);
  EXPECT_TRUE(std::is_sorted(trained.sigmas.begin(), trained.sigmas.end()));
}

TEST(TrainedNoise, EndsInPureNoiseWithZeroTerminalSnr) {
  SchedulerConfig config = sd_config();
  config.rescale_betas_zero_snr = true;

  const TrainedNoise trained = trained_noise(config);

  EXPECT_EQ(trained.alphas_cumprod.back(), 0);
  EXPECT_TRUE(std::isfinite(trained.sigmas.back()));
}

TEST(Schedule, FallsStrictlyForEverySamplerScheduleAndLength) {
  for (const SamplerRow& row : sampler_rows()) {
    for (const spec::ScheduleName& named : spec::schedules()) {
      const auto config = config_of(row.name, named.name, sd_config());
      if (!config) continue;
      for (const int steps : {1, 2, 3, 20, 49, 150}) {
        SCOPED_TRACE(fmt::format("{} {} {}", row.name, named.name, steps));
        const SamplerClass& algorithm = *find_class(config->class_name);
        if (algorithm.rule.is_distilled && steps > config->original_inference_steps) continue;
        ScheduleRequest request;
        request.steps = steps;

        const Schedule schedule =
            make_schedule(*config, trained_noise(*config), algorithm.rule, request).value();

        ASSERT_EQ(schedule.timesteps.size(), static_cast<std::size_t>(steps));
        ASSERT_EQ(schedule.sigmas.size(), static_cast<std::size_t>(steps) + 1);
        for (std::size_t i = 1; i + 1 < schedule.sigmas.size(); ++i)
          EXPECT_LT(schedule.sigmas[i], schedule.sigmas[i - 1]);
        EXPECT_LE(schedule.sigmas[schedule.sigmas.size() - 1], schedule.sigmas.end()[-2]);
        const bool ends_clean =
            config->final_sigma == FinalSigma::Zero && named.name != "kl_optimal";
        EXPECT_EQ(schedule.sigmas.back() == 0, ends_clean);
      }
    }
  }
}

TEST(Schedule, SpacesTimestepsAsTheModelSays) {
  SchedulerConfig config = sd_config();

  EXPECT_THAT(schedule_of(config, 4).timesteps, ElementsAre(751, 501, 251, 1));
  config.spacing = TimestepSpacing::Linspace;
  EXPECT_THAT(schedule_of(config, 4).timesteps, ElementsAre(999, 666, 333, 0));
  config.spacing = TimestepSpacing::Trailing;
  EXPECT_THAT(schedule_of(config, 4).timesteps, ElementsAre(999, 749, 499, 249));
}

TEST(Schedule, PicksTrainedLevelsWhenSimple) {
  SchedulerConfig config = sd_config();
  config.curve = SigmaCurve::Simple;
  const TrainedNoise trained = trained_noise(config);

  const Schedule schedule = schedule_of(config, 3);

  EXPECT_THAT(schedule.timesteps, ElementsAre(999, 666, 333));
  EXPECT_THAT(schedule.sigmas,
              ElementsAre(trained.sigmas[999], trained.sigmas[666], trained.sigmas[333], 0));
}

TEST(Schedule, SpansTheModelsSigmasAlongACurve) {
  for (const char* name : {"karras", "exponential", "polyexponential", "beta", "lambdas", "linear",
                           "sine", "smoothstep", "arcsine"}) {
    const SchedulerConfig config = config_of("euler", name, sd_config()).value();
    const TrainedNoise trained = trained_noise(config);

    const Schedule schedule = schedule_of(config, 12);

    EXPECT_FLOAT_EQ(static_cast<float>(schedule.sigmas[0]),
                    static_cast<float>(trained.sigmas[999]));
    EXPECT_FLOAT_EQ(static_cast<float>(schedule.sigmas[11]), static_cast<float>(trained.sigmas[0]));
  }
}

TEST(Schedule, FallsByEqualFactorsWhenExponential) {
  const SchedulerConfig config = config_of("euler", "exponential", sd_config()).value();

  const auto sigmas = schedule_of(config, 5).sigmas;

  for (std::size_t i = 1; i < 4; ++i)
    EXPECT_NEAR(sigmas[i + 1] / sigmas[i], sigmas[1] / sigmas[0], 1e-6);
}

TEST(Schedule, TakesFittedSigmasOfTheModelsFamily) {
  SchedulerConfig config = config_of("euler", "align_your_steps", sd_config()).value();

  EXPECT_THAT(schedule_of(config, 11).sigmas[1], DoubleNear(6.475, 1e-6));
  config.is_sdxl = true;
  EXPECT_THAT(schedule_of(config, 11).sigmas[1], DoubleNear(6.315, 1e-6));
  const auto interpolated = schedule_of(config, 21).sigmas;
  EXPECT_THAT(interpolated[2], DoubleNear(6.315, 1e-5));
  EXPECT_THAT(interpolated[1], DoubleNear(std::sqrt(14.615 * 6.315), 1e-5));
}

TEST(Schedule, FallsLinearlyAndThenQuadraticallyToZero) {
  const SchedulerConfig config = config_of("euler", "linear_quadratic", sd_config()).value();
  const double most = trained_noise(config).sigmas.back();

  const auto sigmas = schedule_of(config, 4).sigmas;

  // Half of the steps fall by 0.025 altogether; 1 − 0.025 − 0.0125 j − 0.2375 j² goes on from
  // there.
  EXPECT_NEAR(sigmas[1] / most, 1 - 0.0125, 1e-6);
  EXPECT_NEAR(sigmas[2] / most, 1 - 0.025, 1e-6);
  EXPECT_NEAR(sigmas[3] / most, 1 - 0.025 - 0.0125 - 0.2375, 1e-6);
  EXPECT_EQ(sigmas[4], 0);
}

TEST(Schedule, EndsAtTheSmallestSigmaWhenKlOptimal) {
  const SchedulerConfig config = config_of("euler", "kl_optimal", sd_config()).value();
  const TrainedNoise trained = trained_noise(config);

  const auto sigmas = schedule_of(config, 5).sigmas;

  EXPECT_NEAR(sigmas.front(), trained.sigmas.back(), 1e-5);
  EXPECT_NEAR(sigmas.back(), trained.sigmas.front(), 1e-6);
}

TEST(Schedule, ShiftsFlowMatchingTowardsTheNoise) {
  SchedulerConfig config;
  config.is_flow = true;
  config.prediction = Prediction::Flow;
  config.flow.is_dynamic = true;
  ScheduleRequest request;
  request.steps = 4;

  EXPECT_THAT(make_schedule(config, trained_noise(config), {}, request).error().message,
              HasSubstr("picture's size"));
  request.mu = 0;  // no shift
  const auto plain = make_schedule(config, trained_noise(config), {}, request)->sigmas;
  request.mu = 1;
  const auto shifted = make_schedule(config, trained_noise(config), {}, request)->sigmas;

  EXPECT_EQ(plain.front(), 1);
  EXPECT_EQ(shifted.front(), 1);
  EXPECT_EQ(shifted.back(), 0);
  EXPECT_GT(shifted[1], plain[1]);
  EXPECT_EQ(shift_of_image(config.flow, 256), 0.5);
  EXPECT_NEAR(shift_of_image(config.flow, 4096), 1.15, 1e-12);
}

TEST(Schedule, RefusesLevelsThatDoNotFallOrAreNotTheModels) {
  const SchedulerConfig config = sd_config();
  const auto fault_of = [&](const ScheduleRequest& request) {
    return make_schedule(config, trained_noise(config), {}, request).error().message;
  };

  EXPECT_THAT(fault_of({.timesteps = {10, 500}}), HasSubstr("timesteps: each"));
  EXPECT_THAT(fault_of({.timesteps = {1000, 500}}), HasSubstr("1000"));
  EXPECT_THAT(fault_of({.timesteps = {500, -1}}), HasSubstr("-1"));
  EXPECT_THAT(fault_of({.sigmas = {3, 4, 0}}), HasSubstr("sigmas: each"));
  EXPECT_THAT(fault_of({.sigmas = {std::nan(""), 0}}), HasSubstr("sigmas"));
  EXPECT_THAT(fault_of({.timesteps = {5}, .sigmas = {1, 0}}), HasSubstr("only one"));
}

TEST(Schedule, RefusesAnOffsetThatLeadsBeyondTheModel) {
  SchedulerConfig config = sd_config();
  config.steps_offset = 5;
  ScheduleRequest request;
  request.steps = 500;

  EXPECT_THAT(make_schedule(config, trained_noise(config), {}, request).error().message,
              HasSubstr("steps_offset is 5"));
}

TEST(Schedule, RefusesMoreStepsThanAModelWasDistilledOn) {
  const SchedulerConfig config = config_of("lcm", "normal", sd_config()).value();
  ScheduleRequest request;
  request.steps = 51;

  EXPECT_THAT(make_sampler(config, request).error().message, HasSubstr("between 1 and 50"));
}

TEST(Schedule, KnowsTheTimestepOfATrainedSigma) {
  const TrainedNoise trained = trained_noise(sd_config());

  for (const std::size_t t : {0, 1, 250, 998, 999})
    EXPECT_NEAR(timestep_of_sigma(trained.sigmas[t], trained), static_cast<double>(t), 2e-3);
  EXPECT_EQ(timestep_of_sigma(1000, trained), 999);
  EXPECT_EQ(timestep_of_sigma(0, trained), 0);
}

TEST(Schedule, RefusesStepCountsThatTheModelDoesNotHave) {
  const SchedulerConfig config = sd_config();
  for (const int steps : {-1, 0, 1001}) {
    ScheduleRequest request;
    request.steps = steps;

    const auto schedule = make_schedule(config, trained_noise(config), {}, request);

    ASSERT_FALSE(schedule.has_value());
    EXPECT_EQ(schedule.error().kind, ErrorKind::Invalid);
    EXPECT_THAT(schedule.error().message, HasSubstr("between 1 and 1000"));
  }
}

}  // namespace

}  // namespace furrow::engine::diffusion
