#include <string>
#include <string_view>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/diffusion/sampler_support.h"
#include "worker/engine/diffusion/sampler.h"

namespace furrow::engine::diffusion {

namespace {

using testing::HasSubstr;

std::string fault_of(std::string_view name, const StepOptions& options) {
  ScheduleRequest request;
  request.steps = 5;
  const auto sampler = make_sampler(*config_of(name, "normal", sd_config()), request, options);
  return sampler ? "" : sampler.error().message;
}

TEST(StepOptions, OutOfRangeAreRefused) {
  EXPECT_THAT(fault_of("ddim", {.eta = 1.5}), HasSubstr("eta: 1.5"));
  EXPECT_THAT(fault_of("ddim", {.eta = std::nan("")}), HasSubstr("eta"));
  EXPECT_THAT(fault_of("euler", {.s_churn = -1}), HasSubstr("s_churn: -1"));
  EXPECT_THAT(fault_of("euler", {.s_tmin = 2, .s_tmax = 1}), HasSubstr("s_tmax: 1"));
  EXPECT_THAT(fault_of("euler", {.s_noise = -0.5}), HasSubstr("s_noise"));
  EXPECT_THAT(fault_of("dpmpp_2m", {.solver_order = 4}), HasSubstr("1 to 3"));
  EXPECT_EQ(fault_of("dpmpp_2m", {.solver_order = 3}), "");
}

TEST(StepOptions, AreRefusedByASamplerThatHasNoUseForThem) {
  EXPECT_THAT(fault_of("dpmpp_2m", {.eta = 1}), HasSubstr("eta"));
  EXPECT_THAT(fault_of("ddim", {.s_churn = 1}), HasSubstr("s_churn"));
  EXPECT_THAT(fault_of("lms", {.s_noise = 1.1}), HasSubstr("s_noise"));
  EXPECT_THAT(fault_of("euler", {.solver_order = 2}), HasSubstr("solver_order"));
  EXPECT_EQ(fault_of("dpmpp_2m", {.eta = 0}), "");
}

at::Tensor end_of(std::string_view name, const StepOptions& options) {
  ScheduleRequest request;
  request.steps = 6;
  const auto sampler =
      make_sampler(*config_of(name, "karras", sd_config()), request, options).value();
  CountedNoise noise;
  sampler->start(NoiseSource(1).normal(kShape) * sampler->initial_scale());
  while (!sampler->is_finished()) sampler->advance(some_output(*sampler), noise.draw());
  return sampler->latent();
}

TEST(StepOptions, ChangeWhatTheyAreAbout) {
  for (const char* name : {"euler_a", "dpm2_a", "dpmpp_sde", "dpmpp_2s_a", "res_2s", "ddim"})
    EXPECT_FALSE(end_of(name, {.eta = 0.5}).equal(end_of(name, {}))) << name;
  for (const char* name : {"euler", "heun", "dpm2", "heunpp2"})
    EXPECT_FALSE(end_of(name, {.s_churn = 2}).equal(end_of(name, {}))) << name;
  for (const char* name : {"euler_a", "dpmpp_2m_sde", "er_sde", "sa_solver"})
    EXPECT_FALSE(end_of(name, {.s_noise = 0.5}).equal(end_of(name, {}))) << name;
  for (const char* name : {"lms", "dpmpp_2m", "unipc", "deis", "ipndm"})
    EXPECT_FALSE(end_of(name, {.solver_order = 1}).equal(end_of(name, {}))) << name;
}

TEST(StepOptions, OfAncestralSamplersLeaveTheirRelativesWithoutNoise) {
  expect_near(end_of("euler_a", {.eta = 0}), end_of("euler", {}), 1e-4);
  expect_near(end_of("dpm2_a", {.eta = 0}), end_of("dpm2", {}), 1e-4);
  expect_near(end_of("res_2s_sde", {.eta = 0}), end_of("res_2s", {}), 1e-4);
}

}  // namespace

}  // namespace furrow::engine::diffusion
