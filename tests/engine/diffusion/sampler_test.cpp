#include "worker/engine/diffusion/sampler.h"

#include <cmath>
#include <memory>
#include <string>
#include <tuple>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/spec/sampler_names.h"

namespace furrow::engine::diffusion {

namespace {

using testing::HasSubstr;

constexpr std::initializer_list<std::int64_t> kShape = {1, 4, 4, 4};

SchedulerConfig sd_config() {
  SchedulerConfig config;
  config.beta_start = 0.00085;
  config.beta_end = 0.012;
  config.beta_schedule = BetaSchedule::ScaledLinear;
  config.spacing = TimestepSpacing::Leading;
  config.steps_offset = 1;
  return config;
}

std::unique_ptr<Sampler> sampler_named(std::string_view name, std::string_view schedule, int steps,
                                       Prediction prediction = Prediction::Epsilon) {
  SchedulerConfig model = sd_config();
  model.prediction = prediction;
  ScheduleRequest request;
  request.steps = steps;
  return make_sampler(config_of(name, schedule, model).value(), request).value();
}

/// Counts what a sampler draws.
struct CountedNoise {
  NoiseSource source{5};
  int draws = 0;

  DrawNoise draw() {
    return [this] {
      ++draws;
      return source.normal(kShape);
    };
  }
};

/// A network that always knows the clean latent, and says so in the sampler's prediction type.
at::Tensor ideal_output(const Sampler& sampler, const at::Tensor& clean) {
  const double sigma = sampler.sigma_of(sampler.call());
  const at::Tensor seen = sampler.model_input();
  if (sampler.plan().config.is_flow) return (seen - clean) / sigma;  // it is between the two
  const double alpha = 1 / std::sqrt(1 + sigma * sigma);
  const at::Tensor eps = (seen / alpha - clean) / sigma;  // it is alpha (clean + sigma eps)
  switch (sampler.plan().config.prediction) {
    case Prediction::Epsilon:
      return eps;
    case Prediction::V:
      return eps * alpha - clean * (alpha * sigma);
    case Prediction::Sample:
      return clean;
    case Prediction::Flow:
      return eps - clean;
  }
  return {};
}

void run(Sampler& sampler, const at::Tensor& clean, const DrawNoise& draw) {
  while (!sampler.is_finished()) sampler.advance(ideal_output(sampler, clean), draw);
}

class EverySampler : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(EverySampler, ReachesTheLatentThatAnIdealModelKnows) {
  const auto& [name, schedule] = GetParam();
  const at::Tensor clean = NoiseSource(11).normal(kShape);
  for (const Prediction prediction : {Prediction::Epsilon, Prediction::V, Prediction::Sample}) {
    for (const int steps : {1, 2, 7}) {
      const auto sampler = sampler_named(name, schedule, steps, prediction);
      CountedNoise noise;
      sampler->start(noise.source.normal(kShape) * sampler->initial_scale());

      run(*sampler, clean, noise.draw());

      // The model's last level is not quite clean for DDIM, as SD's configs have it.
      EXPECT_TRUE(at::allclose(sampler->latent(), clean, 1e-3, name == "ddim" ? 0.2 : 1e-3))
          << (sampler->latent() - clean).abs().max();
      EXPECT_TRUE(at::allclose(sampler->denoised(), clean, 1e-3, 1e-3));
    }
  }
}

TEST_P(EverySampler, CountsItsSteps) {
  const auto& [name, schedule] = GetParam();
  const auto sampler = sampler_named(name, schedule, 6);
  CountedNoise noise;
  sampler->start(noise.source.normal(kShape));
  int done = 0;

  while (!sampler->is_finished()) {
    EXPECT_GE(sampler->steps_done(), done);
    done = sampler->steps_done();
    sampler->advance(at::zeros(kShape), noise.draw());
  }

  EXPECT_EQ(sampler->step_count(), 6);
  EXPECT_EQ(sampler->steps_done(), 6);
}

TEST_P(EverySampler, GoesOnFromANoisedLatentInTheMiddle) {
  const auto& [name, schedule] = GetParam();
  const at::Tensor clean = NoiseSource(11).normal(kShape);
  const auto sampler = sampler_named(name, schedule, 8);
  CountedNoise noise;
  const int first = sampler->first_call_of(5);

  sampler->start(sampler->noised(clean, noise.source.normal(kShape), first), first);
  run(*sampler, clean, noise.draw());

  EXPECT_TRUE(at::allclose(sampler->latent(), clean, 1e-3, name == "ddim" ? 0.2 : 1e-3));
}

INSTANTIATE_TEST_SUITE_P(
    Names, EverySampler,
    testing::Combine(testing::Values("euler", "euler_a", "heun", "ddim", "dpmpp_2m",
                                     "dpmpp_2m_sde"),
                     testing::Values("normal", "simple", "karras", "exponential")),
    [](const auto& suite) { return std::get<0>(suite.param) + "_" + std::get<1>(suite.param); });

int draws_of(std::string_view name, int steps) {
  const auto sampler = sampler_named(name, "normal", steps);
  CountedNoise noise;
  sampler->start(at::ones(kShape));
  while (!sampler->is_finished()) sampler->advance(at::zeros(kShape), noise.draw());
  return noise.draws;
}

TEST(Sampler, DrawsNoiseOnlyWhenItIsAncestral) {
  EXPECT_EQ(draws_of("euler", 5), 0);
  EXPECT_EQ(draws_of("heun", 5), 0);
  EXPECT_EQ(draws_of("ddim", 5), 0);
  EXPECT_EQ(draws_of("dpmpp_2m", 5), 0);
  EXPECT_EQ(draws_of("euler_a", 5), 5);
  EXPECT_EQ(draws_of("dpmpp_2m_sde", 5), 5);
}

TEST(Sampler, AsksTheModelTwiceAStepWithHeunExceptInTheLast) {
  EXPECT_EQ(sampler_named("heun", "normal", 5)->call_count(), 9);
  EXPECT_EQ(sampler_named("heun", "normal", 1)->call_count(), 1);
  EXPECT_EQ(sampler_named("euler", "normal", 5)->call_count(), 5);
}

TEST(Sampler, HasEverySamplerAndScheduleOfAResolvedRecipe) {
  for (const auto& sampler : spec::samplers()) {
    for (const auto& schedule : spec::schedules()) {
      if (schedule.name == "automatic")
        continue;  // becomes the sampler's own before it is rendered
      EXPECT_TRUE(config_of(sampler.name, schedule.name, sd_config()).has_value())
          << sampler.name << ' ' << schedule.name;
    }
  }
}

TEST(Sampler, ListsTheNamesThereAreWhenOneIsUnknown) {
  const auto sampler = config_of("dpmpp_2n", "karras", sd_config());
  const auto schedule = config_of("euler", "kerras", sd_config());

  EXPECT_THAT(sampler.error().message, HasSubstr("\"dpmpp_2n\""));
  EXPECT_THAT(sampler.error().message, HasSubstr("dpmpp_2m"));
  EXPECT_THAT(schedule.error().message, HasSubstr("\"kerras\""));
  EXPECT_THAT(schedule.error().message, HasSubstr("karras"));
}

TEST(Sampler, RefusesClassesThatItDoesNotHave) {
  SchedulerConfig config = sd_config();
  ScheduleRequest request;
  request.steps = 5;

  config.class_name = "VQDiffusionScheduler";
  EXPECT_THAT(make_sampler(config, request).error().message, HasSubstr("VQDiffusionScheduler"));
  config.class_name = "DPMSolverMultistepScheduler";
  config.algorithm = "dpmsolver--";
  EXPECT_THAT(make_sampler(config, request).error().message, HasSubstr("algorithm_type"));
  config.algorithm = "dpmsolver++";
  config.solver_order = 4;
  EXPECT_THAT(make_sampler(config, request).error().message, HasSubstr("solver_order 4"));
}

}  // namespace

}  // namespace furrow::engine::diffusion
