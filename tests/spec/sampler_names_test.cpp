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
           Spelling{"Heun Uniform", "heun", "normal"},
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
  EXPECT_EQ(find_schedule("Uniform"), "normal");
  EXPECT_EQ(find_schedule("default"), "normal");
  EXPECT_EQ(find_schedule("EXPONENTIAL"), "exponential");
  EXPECT_EQ(find_schedule("SGM Uniform"), std::nullopt);
  EXPECT_EQ(find_schedule("Polyexponential"), std::nullopt);
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

TEST(SamplerNames, SamplersOfOtherProgramsAreTakenForWhatTheyAre) {
  for (const std::string_view text : {"DPM++ SDE", "DPM++ 2M SDE Heun", "UniPC", "LMS Karras",
                                      "k_dpm_2_ancestral", "DPM++ 3M SDE Exponential"}) {
    EXPECT_FALSE(find_sampler(text)) << text;
    EXPECT_THAT(explain_unknown_sampler(text), HasSubstr("does not support yet")) << text;
    EXPECT_THAT(explain_unknown_sampler(text), HasSubstr("DPM++ 2M SDE")) << text;
  }
  EXPECT_THAT(explain_unknown_sampler("DPM++ 2M SGM Uniform"), HasSubstr("schedule"));
  EXPECT_THAT(explain_unknown_schedule("Align Your Steps"), HasSubstr("does not support yet"));
}

TEST(SamplerNames, TyposGetTheNearestNameAndTheList) {
  const std::string told = explain_unknown_sampler("DPM++ 2N");

  EXPECT_THAT(told, HasSubstr("is not a sampler"));
  EXPECT_THAT(told, HasSubstr("Did you mean \"DPM++ 2M\"?"));
  EXPECT_THAT(told, HasSubstr("Euler a"));
  EXPECT_THAT(explain_unknown_sampler("grapefruit juice"), Not(HasSubstr("Did you mean")));
}

TEST(SamplerNames, AutomaticBecomesTheSamplersOwnSchedule) {
  EXPECT_EQ(resolved_schedule("dpmpp_2m", "automatic"), "karras");
  EXPECT_EQ(resolved_schedule("dpmpp_2m_sde", "automatic"), "exponential");
  EXPECT_EQ(resolved_schedule("euler_a", "automatic"), "normal");
  EXPECT_EQ(resolved_schedule("dpmpp_2m", "simple"), "simple");
}

}  // namespace
}  // namespace furrow::spec
