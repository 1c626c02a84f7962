#include "worker/engine/diffusion/schedule.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/engine/diffusion/sampler_class.h"

namespace furrow::engine::diffusion {

namespace {

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

TEST(Schedule, FallsStrictlyToZeroForEverySamplerScheduleAndLength) {
  for (const SamplerRow& row : sampler_rows()) {
    for (const char* name : {"normal", "simple", "karras", "exponential"}) {
      for (const int steps : {1, 2, 3, 20, 49, 150}) {
        SCOPED_TRACE(fmt::format("{} {} {}", row.name, name, steps));
        const SchedulerConfig config = config_of(row.name, name, sd_config()).value();
        ScheduleRequest request;
        request.steps = steps;

        const Schedule schedule = make_schedule(config, trained_noise(config),
                                                find_class(row.scheduler_class)->rule, request)
                                      .value();

        ASSERT_EQ(schedule.timesteps.size(), static_cast<std::size_t>(steps));
        ASSERT_EQ(schedule.sigmas.size(), static_cast<std::size_t>(steps) + 1);
        for (std::size_t i = 1; i < schedule.sigmas.size(); ++i)
          EXPECT_LT(schedule.sigmas[i], schedule.sigmas[i - 1]);
        EXPECT_EQ(schedule.sigmas.back(), 0);
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
  for (const char* name : {"karras", "exponential"}) {
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
