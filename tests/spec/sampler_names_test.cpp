#include "common/spec/sampler_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::spec {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Spelling {
  std::string_view text;
  std::string_view sampler;
  std::optional<std::string> schedule = std::nullopt;
};

TEST(SamplerNames, EverySpellingFindsItsSampler) {
  for (const auto& [text, sampler, schedule] : {
           Spelling{"Euler", "euler"},
           Spelling{"Euler a", "euler_a"},
           Spelling{"euler_a", "euler_a"},
           Spelling{" EULER A ", "euler_a"},
           Spelling{"k_euler", "euler"},
           Spelling{"k_euler_a", "euler_a"},
           Spelling{"k_euler_ancestral", "euler_a"},
           Spelling{"sample_euler_ancestral", "euler_a"},
           Spelling{"EulerAncestralDiscreteScheduler", "euler_a"},
           Spelling{"k_heun", "heun"},
           Spelling{"DDIM", "ddim"},
           Spelling{"DPM++ 2M", "dpmpp_2m"},
           Spelling{"dpm++ 2m", "dpmpp_2m"},
           Spelling{"k_dpmpp_2m", "dpmpp_2m"},
           Spelling{"sample_dpmpp_2m", "dpmpp_2m"},
           Spelling{"DPM++ 2M SDE", "dpmpp_2m_sde"},
           Spelling{"k_dpmpp_2m_sde", "dpmpp_2m_sde"},
           Spelling{"DPM++ 2M Karras", "dpmpp_2m", "karras"},
           Spelling{"k_dpmpp_2m_ka", "dpmpp_2m", "karras"},
           Spelling{"dpmpp_2m_karras", "dpmpp_2m", "karras"},
           Spelling{"DPM++ 2M SDE Karras", "dpmpp_2m_sde", "karras"},
           Spelling{"DPM++ 2M SDE Exponential", "dpmpp_2m_sde", "exponential"},
           Spelling{"Euler a Simple", "euler_a", "simple"},
           Spelling{"Euler Automatic", "euler", "automatic"},
           Spelling{"Heun Uniform", "heun", "uniform"},
           Spelling{"k_lms", "lms"},
           Spelling{"LMS Karras", "lms", "karras"},
           Spelling{"k_dpm_2_ancestral", "dpm2_a"},
           Spelling{"k_dpm_2_a_ka", "dpm2_a", "karras"},
           Spelling{"KDPM2 a", "dpm2_a"},
           Spelling{"DPM fast", "dpm_fast"},
           Spelling{"k_dpm_ad", "dpm_adaptive"},
           Spelling{"DPM++ 2S a Karras", "dpmpp_2s_a", "karras"},
           Spelling{"DPM++ SDE", "dpmpp_sde"},
           Spelling{"DPM SDE", "dpmpp_sde"},
           Spelling{"DPM++ 2M SDE Heun", "dpmpp_2m_sde_heun"},
           Spelling{"DPM++ 2M SDE Heun Karras", "dpmpp_2m_sde_heun", "karras"},
           Spelling{"DPM++ 3M SDE Exponential", "dpmpp_3m_sde", "exponential"},
           Spelling{"DPM++ 2M SGM Uniform", "dpmpp_2m", "sgm_uniform"},
           Spelling{"DPM++ 2M Align Your Steps", "dpmpp_2m", "align_your_steps"},
           Spelling{"PLMS", "pndm"},
           Spelling{"PNDMScheduler", "pndm"},
           Spelling{"DDIM CFG++", "ddim_cfgpp"},
           Spelling{"UniPC FlowMatch", "unipc", "flowmatch"},
           Spelling{"DPM2++ 2M FlowMatch", "dpmpp_2m", "flowmatch"},
           Spelling{"Euler SGM", "euler", "trailing"},
           Spelling{"Sigmoid Sigma", "euler", "sigmoid"},
           Spelling{"Runge-Kutta 4/4", "rk4"},
           Spelling{"ABNorsett 2M", "res_2m"},
           Spelling{"Default", "default"},
       }) {
    const auto found = find_sampler(text);
    ASSERT_TRUE(found) << text;
    EXPECT_EQ(found->sampler, sampler) << text;
    EXPECT_EQ(found->schedule, schedule) << text;
  }
}

TEST(SamplerNames, EverySpellingFindsItsSchedule) {
  EXPECT_EQ(find_schedule("Karras"), "karras");
  EXPECT_EQ(find_schedule("automatic"), "automatic");
  EXPECT_EQ(find_schedule("Uniform"), "uniform");
  EXPECT_EQ(find_schedule("default"), "normal");
  EXPECT_EQ(find_schedule("EXPONENTIAL"), "exponential");
  EXPECT_EQ(find_schedule("SGM Uniform"), "sgm_uniform");
  EXPECT_EQ(find_schedule("DDIM"), "ddim_uniform");
  EXPECT_EQ(find_schedule("ddim_uniform"), "ddim_uniform");
  EXPECT_EQ(find_schedule("betas"), "beta");
  EXPECT_EQ(find_schedule("AYS 32"), "align_your_steps_32");
  EXPECT_EQ(find_schedule("align_your_steps_GITS"), "align_your_steps_gits");
  EXPECT_EQ(find_schedule("Polyexponentiel"), std::nullopt);
}

TEST(SamplerNames, NoTwoNamesHaveASpellingInCommon) {
  for (const SamplerName& sampler : samplers()) {
    std::vector<std::string_view> spellings = sampler.aliases;
    spellings.insert(spellings.end(), {sampler.name, sampler.label});
    for (const std::string_view spelling : spellings) {
      const SamplerChoice expected{std::string(sampler.name), std::nullopt};
      EXPECT_EQ(find_sampler(spelling), expected) << spelling;
    }
    EXPECT_EQ(find_schedule(sampler.default_schedule), sampler.default_schedule);
  }
}

TEST(SamplerNames, EveryScheduleHasASpellingOfItsOwn) {
  for (const ScheduleName& schedule : schedules()) {
    std::vector<std::string_view> spellings = schedule.aliases;
    spellings.insert(spellings.end(), {schedule.name, schedule.label});
    for (const std::string_view spelling : spellings)
      EXPECT_EQ(find_schedule(spelling), schedule.name) << spelling;
  }
}

TEST(SamplerNames, EverySamplerMayCarryEverySchedule) {
  for (const SamplerName& sampler : samplers()) {
    for (const ScheduleName& schedule : schedules()) {
      const SamplerChoice expected{std::string(sampler.name), std::string(schedule.name)};
      const std::string text = std::string(sampler.label) + " " + std::string(schedule.label);
      EXPECT_EQ(find_sampler(text), expected) << text;
    }
  }
}

TEST(SamplerNames, SamplersThatAreNotBuiltSayWhy) {
  for (const UnbuiltName& unbuilt : unbuilt_samplers()) {
    EXPECT_FALSE(find_sampler(unbuilt.label)) << unbuilt.label;
    EXPECT_THAT(explain_unknown_sampler(unbuilt.label), HasSubstr(std::string(unbuilt.why)));
  }
  EXPECT_THAT(explain_unknown_sampler("DPM++ 2M EDM Karras"), HasSubstr("EDM"));
}

TEST(SamplerNames, TyposGetTheNearestNameAndWhereToLook) {
  const std::string told = explain_unknown_sampler("DPM++ 2N");

  EXPECT_THAT(told, HasSubstr("is not a sampler"));
  EXPECT_THAT(told, HasSubstr("Did you mean \"DPM++ 2M\"?"));
  EXPECT_THAT(told, HasSubstr("furrow submit --help-samplers"));
  EXPECT_THAT(explain_unknown_schedule("Karas"), HasSubstr("Did you mean \"Karras\"?"));
  EXPECT_THAT(explain_unknown_sampler("grapefruit juice"), Not(HasSubstr("Did you mean")));
}

TEST(SamplerNames, SamplersWithLevelsOfTheirOwnTakeNoSchedule) {
  EXPECT_EQ(explain_mismatch("pndm", "normal"), std::nullopt);
  EXPECT_EQ(explain_mismatch("pndm", "automatic"), std::nullopt);
  EXPECT_EQ(explain_mismatch("euler", "karras"), std::nullopt);
  EXPECT_THAT(explain_mismatch("pndm", "karras").value(), HasSubstr("\"PLMS\""));
  EXPECT_THAT(explain_mismatch("dpm_fast", "beta").value(), HasSubstr("\"Beta\""));
}

TEST(SamplerNames, AutomaticBecomesTheSamplersOwnSchedule) {
  EXPECT_EQ(resolved_schedule("dpmpp_2m", "automatic"), "karras");
  EXPECT_EQ(resolved_schedule("dpmpp_2m_sde", "automatic"), "exponential");
  EXPECT_EQ(resolved_schedule("euler_a", "automatic"), "normal");
  EXPECT_EQ(resolved_schedule("dpmpp_2m", "simple"), "simple");
}

}  // namespace
}  // namespace furrow::spec
