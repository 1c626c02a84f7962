#include "worker/engine/diffusion/scheduler_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace furrow::engine::diffusion {

namespace {

using nlohmann::json;
using testing::HasSubstr;

SchedulerConfig parsed(const json& object) {
  return parse_scheduler_config(object).value();
}

TEST(SchedulerConfig, TakesAbsentKeysFromTheDefaultsOfTheClass) {
  EXPECT_EQ(parsed({{"_class_name", "DDIMScheduler"}}).spacing, TimestepSpacing::Leading);
  EXPECT_EQ(parsed({{"_class_name", "EulerDiscreteScheduler"}}).spacing, TimestepSpacing::Linspace);
  EXPECT_TRUE(parsed({{"_class_name", "DDIMScheduler"}}).clip_sample);
  EXPECT_FALSE(parsed({{"_class_name", "PNDMScheduler"}}).set_alpha_to_one);
  EXPECT_EQ(parsed({{"_class_name", "HeunDiscreteScheduler"}}).beta_end, 0.012);
  EXPECT_EQ(parsed({{"_class_name", "EulerDiscreteScheduler"}}).beta_end, 0.02);
}

TEST(SchedulerConfig, ReadsWhatTheFileSays) {
  const SchedulerConfig config = parsed({{"_class_name", "DPMSolverMultistepScheduler"},
                                         {"beta_schedule", "scaled_linear"},
                                         {"prediction_type", "v_prediction"},
                                         {"use_karras_sigmas", true},
                                         {"lambda_min_clipped", "-inf"},
                                         {"trained_betas", nullptr}});

  EXPECT_EQ(config.beta_schedule, BetaSchedule::ScaledLinear);
  EXPECT_EQ(config.prediction, Prediction::V);
  EXPECT_EQ(config.curve, SigmaCurve::Karras);
  EXPECT_TRUE(config.trained_betas.empty());
}

TEST(SchedulerConfig, NamesTheKeyThatItCannotUse) {
  const auto refused = [](const json& object) {
    return parse_scheduler_config(object).error().message;
  };

  EXPECT_THAT(refused({{"beta_schedule", "cubic"}}), HasSubstr("beta_schedule = \"cubic\""));
  EXPECT_THAT(refused({{"steps_offset", "one"}}), HasSubstr("steps_offset"));
  EXPECT_THAT(refused({{"prediction_type", "noise"}}), HasSubstr("prediction_type"));
  EXPECT_THAT(refused({{"variance_type", "learned"}}), HasSubstr("learned variances"));
  EXPECT_THAT(refused({{"solver_order", 1e10}}), HasSubstr("solver_order"));
  EXPECT_THAT(refused({{"solver_order", 10000000000}}), HasSubstr("solver_order"));
  EXPECT_THAT(refused({{"beta_end", 1.5}}), HasSubstr("beta_end"));
  EXPECT_THAT(refused({{"trained_betas", {0.1, 0.2}}}), HasSubstr("trained_betas"));
  EXPECT_THAT(refused({{"steps_offset", 1000}}), HasSubstr("steps_offset"));
  EXPECT_THAT(refused({{"num_train_timesteps", 0}}), HasSubstr("num_train_timesteps"));
  EXPECT_THAT(refused(json::array()), HasSubstr("not a JSON object"));
}

}  // namespace

}  // namespace furrow::engine::diffusion
