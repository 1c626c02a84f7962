#include <cmath>
#include <string>
#include <string_view>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/spec/sampler_names.h"
#include "tests/engine/diffusion/sampler_support.h"
#include "worker/engine/diffusion/sampler.h"

namespace furrow::engine::diffusion {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Sampler, HasEverySamplerAndScheduleOfAResolvedRecipe) {
  for (const auto& sampler : spec::samplers()) {
    for (const auto& schedule : spec::schedules()) {
      if (schedule.name == "automatic" || schedule.name == "flowmatch")
        continue;  // becomes the sampler's own before it is rendered; is for other models
      const bool fits = !spec::explain_mismatch(sampler.name, schedule.name);
      EXPECT_EQ(config_of(sampler.name, schedule.name, sd_config()).has_value(), fits)
          << sampler.name << ' ' << schedule.name;
    }
  }
}

TEST(Sampler, HasANameForEverySamplerOfTheEngine) {
  for (const SamplerRow& row : sampler_rows())
    EXPECT_EQ(spec::sampler_named(row.name).name, row.name);
  EXPECT_EQ(sampler_rows().size(), spec::samplers().size());
}

TEST(Sampler, TakesTheModelsOwnSchedulerByDefault) {
  SchedulerConfig model = sd_config();
  model.class_name = "PNDMScheduler";
  model.skip_prk_steps = true;

  EXPECT_EQ(config_of("default", "normal", model)->class_name, "PNDMScheduler");
  EXPECT_TRUE(config_of("default", "normal", model)->skip_prk_steps);
  EXPECT_THAT(config_of("default", "karras", model).error().message, HasSubstr("karras"));
  model.class_name = "VQDiffusionScheduler";
  EXPECT_THAT(config_of("default", "normal", model).error().message,
              HasSubstr("VQDiffusionScheduler"));
}

TEST(Sampler, RefusesPairsThatMeanNothing) {
  EXPECT_THAT(config_of("pndm", "karras", sd_config()).error().message, HasSubstr("pndm"));
  EXPECT_THAT(config_of("euler", "flowmatch", sd_config()).error().message,
              HasSubstr("flow matching"));
  ScheduleRequest request;
  request.steps = 4;
  const auto ays = config_of("euler", "align_your_steps", flow_config());
  EXPECT_THAT(make_sampler(*ays, request).error().message, HasSubstr("flow matching"));
  const auto ddim = config_of("ddim", "normal", flow_config());
  EXPECT_THAT(make_sampler(*ddim, request).error().message, HasSubstr("flow matching"));
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

bool keeps_the_models_spacing(std::string_view name) {
  for (const char* own :
       {"default", "ddim", "ddim_cfgpp", "bdia_ddim", "ddpm", "ufogen", "pndm", "lcm", "tcd"})
    if (name == own) return true;
  return false;
}

TEST(Sampler, BeginsAtTheNoisiestTimestepWhateverTheModelsConfigSays) {
  for (const auto& sampler : spec::samplers()) {
    if (keeps_the_models_spacing(sampler.name)) continue;
    for (const int steps : {1, 20})
      EXPECT_NEAR(sampler_named(sampler.name, "normal", steps)->timestep_of(0), 999, 1e-5)
          << sampler.name;
  }
}

TEST(Sampler, SpacesTheNormalScheduleEvenlyDownToTheCleanestTimestep) {
  const auto sampler = sampler_named("euler", "normal", 4);

  EXPECT_THAT(sampler->plan().schedule.timesteps, ElementsAre(999, 666, 333, 0));
}

TEST(Sampler, KeepsToTheModelsSpacingWithWholeTimesteps) {
  // Leading, with an offset of 1, as Stable Diffusion's.
  for (const char* name : {"ddim", "ddim_cfgpp", "ddpm", "default"})
    EXPECT_THAT(sampler_named(name, "normal", 4)->plan().schedule.timesteps,
                ElementsAre(751, 501, 251, 1))
        << name;
}

TEST(Sampler, ScalesItsFirstNoiseToTheFirstSigma) {
  for (const char* schedule : {"normal", "karras", "simple", "sgm_uniform", "trailing"}) {
    const auto sampler = sampler_named("euler_a", schedule, 5);
    EXPECT_EQ(sampler->initial_scale(), sampler->sigma_of(0)) << schedule;
  }
}

TEST(Sampler, BeginsItsOwnLevelsAtTheModelsLargestSigma) {
  const double most = trained_noise(sd_config()).sigmas.back();
  for (const char* name : {"dpm_fast", "dpm_adaptive"}) {
    const auto sampler = sampler_named(name, "normal", 12);
    EXPECT_NEAR(sampler->sigma_of(0), most, 1e-5) << name;
    EXPECT_NEAR(sampler->initial_scale(), most, 1e-5) << name;
  }
}

/// CosXL's.
nlohmann::json edm_json() {
  return {{"_class_name", "EDMEulerScheduler"},
          {"prediction_type", "v_prediction"},
          {"sigma_data", 1.0},
          {"sigma_min", 0.002},
          {"sigma_max", 120.0},
          {"sigma_schedule", "exponential"}};
}

TEST(Sampler, RunsEdmBetweenTheEndsOfItsTraining) {
  const SchedulerConfig model = parse_scheduler_config(edm_json()).value();
  ScheduleRequest request;
  request.steps = 6;
  for (const char* name : {"default", "euler", "euler_a", "heun", "dpmpp_2m", "unipc"}) {
    for (const char* schedule : {"normal", "karras"}) {
      const auto sampler = make_sampler(config_of(name, schedule, model).value(), request).value();
      const auto& levels = sampler->plan().schedule;
      EXPECT_NEAR(levels.sigmas[0], 120, 1e-4) << name;
      EXPECT_NEAR(levels.sigmas[5], 0.002, 1e-7) << name;
      EXPECT_EQ(levels.sigmas[6], 0) << name;
      for (int call = 0; call < sampler->call_count(); ++call)
        EXPECT_NEAR(sampler->timestep_of(call), 0.25 * std::log(sampler->sigma_of(call)), 1e-6);
    }
  }
}

TEST(Sampler, ReachesTheLatentThatAnIdealModelOfEdmKnows) {
  const SchedulerConfig model = parse_scheduler_config(edm_json()).value();
  const at::Tensor clean = NoiseSource(11).normal(kShape);
  ScheduleRequest request;
  request.steps = 6;
  for (const char* name : {"default", "euler_a", "dpm2", "dpmpp_2m", "dpmpp_3m_sde", "res_2s"}) {
    const auto sampler = make_sampler(config_of(name, "normal", model).value(), request).value();
    CountedNoise noise;
    sampler->start(noise.source.normal(kShape) * sampler->initial_scale());

    run(*sampler, clean, noise.draw());

    expect_near(sampler->latent(), clean, 1e-3);
  }
}

TEST(Sampler, RefusesOfEdmWhatHasTimesteps) {
  const SchedulerConfig model = parse_scheduler_config(edm_json()).value();
  EXPECT_THAT(config_of("ddim", "normal", model).error().message, HasSubstr("EDM"));
  EXPECT_THAT(config_of("dpm_fast", "normal", model).error().message, HasSubstr("EDM"));
  EXPECT_THAT(config_of("euler", "simple", model).error().message, HasSubstr("karras"));

  nlohmann::json other = edm_json();
  other["sigma_data"] = 0.5;
  EXPECT_THAT(parse_scheduler_config(other).error().message, HasSubstr("sigma_data = 0.5"));
  other = edm_json();
  other.erase("prediction_type");
  EXPECT_THAT(parse_scheduler_config(other).error().message, HasSubstr("v_prediction"));
}

}  // namespace

}  // namespace furrow::engine::diffusion
