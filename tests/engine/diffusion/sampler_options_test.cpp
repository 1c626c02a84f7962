#include "worker/engine/diffusion/sampler_options.h"

#include <limits>
#include <string>
#include <string_view>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/spec/sampler_names.h"
#include "tests/engine/diffusion/sampler_support.h"
#include "worker/engine/diffusion/sampler.h"

namespace furrow::engine::diffusion {

namespace {

using testing::HasSubstr;

Result<std::unique_ptr<Sampler>> sampler_of(std::string_view name, std::string_view schedule,
                                            const v1::SamplerOptions& options,
                                            const SchedulerConfig& model = sd_config()) {
  FURROW_TRY(const auto settings, settings_of(name, schedule, model, options));
  ScheduleRequest request;
  request.steps = 8;
  return make_sampler(settings.config, request, settings.options);
}

std::string fault_of(std::string_view name, std::string_view schedule,
                     const v1::SamplerOptions& options) {
  const auto sampler = sampler_of(name, schedule, options);
  return sampler ? "" : sampler.error().message;
}

std::vector<double> sigmas_of(std::string_view name, std::string_view schedule,
                              const v1::SamplerOptions& options,
                              const SchedulerConfig& model = sd_config()) {
  return sampler_of(name, schedule, options, model).value()->plan().schedule.sigmas;
}

at::Tensor end_of(std::string_view name, std::string_view schedule,
                  const v1::SamplerOptions& options) {
  const auto sampler = sampler_of(name, schedule, options).value();
  CountedNoise noise;
  sampler->start(NoiseSource(1).normal(kShape) * sampler->initial_scale());
  while (!sampler->is_finished()) sampler->advance(some_output(*sampler), noise.draw());
  return sampler->latent();
}

v1::SamplerOptions all_options() {
  v1::SamplerOptions options;
  options.set_eta(0.5);
  options.set_s_churn(2);
  options.set_s_tmin(0.1);
  options.set_s_tmax(5);
  options.set_s_noise(0.9);
  options.set_order(1);
  options.set_discards_next_to_last_sigma(true);
  options.set_sigma_min(0.1);
  options.set_sigma_max(10);
  options.set_rho(5);
  options.set_shift(2);
  return options;
}

TEST(SamplerOptions, GoWithEverySamplerAndSchedule) {
  for (const auto& sampler : spec::samplers()) {
    for (const auto& schedule : spec::schedules()) {
      if (schedule.name == "automatic" || schedule.name == "flowmatch") continue;
      if (spec::explain_mismatch(sampler.name, schedule.name)) continue;
      EXPECT_EQ(fault_of(sampler.name, schedule.name, all_options()), "")
          << sampler.name << ' ' << schedule.name;
    }
  }
}

TEST(SamplerOptions, ChangeNothingWhereASamplerHasNoneOfThem) {
  for (const char* name : {"ralston", "rk4", "res_2m", "gauss_legendre_2s"}) {
    v1::SamplerOptions options = all_options();
    options.set_discards_next_to_last_sigma(false);
    EXPECT_TRUE(end_of(name, "simple", options).equal(end_of(name, "simple", {}))) << name;
  }
}

TEST(SamplerOptions, AbsentAreTheSamplersOwn) {
  for (const char* name : {"euler_a", "dpmpp_2m_sde", "ddim", "tcd", "dpm2"}) {
    const auto settings = settings_of(name, "normal", sd_config(), {}).value();
    EXPECT_FALSE(settings.options.eta);
    EXPECT_EQ(settings.options.s_noise, 1);
    EXPECT_EQ(settings.options.s_churn, 0);
    EXPECT_EQ(settings.options.solver_order, 0);
  }
}

struct Effect {
  const char* sampler;
  const char* schedule;
  void (*set)(v1::SamplerOptions&);
};

TEST(SamplerOptions, ChangeThePictureWhereASamplerHasThem) {
  for (const Effect& effect :
       {Effect{"euler_a", "normal", [](v1::SamplerOptions& o) { o.set_eta(0.5); }},
        Effect{"dpmpp_2m_sde", "karras", [](v1::SamplerOptions& o) { o.set_eta(0.5); }},
        Effect{"dpmpp_3m_sde", "karras", [](v1::SamplerOptions& o) { o.set_eta(0); }},
        Effect{"ddim", "normal", [](v1::SamplerOptions& o) { o.set_eta(1); }},
        Effect{"euler", "normal", [](v1::SamplerOptions& o) { o.set_s_churn(3); }},
        Effect{"dpmpp_sde", "karras", [](v1::SamplerOptions& o) { o.set_s_noise(0.7); }},
        Effect{"dpmpp_2m", "karras", [](v1::SamplerOptions& o) { o.set_order(1); }},
        Effect{"euler", "karras",
               [](v1::SamplerOptions& o) { o.set_discards_next_to_last_sigma(true); }},
        Effect{"euler", "karras", [](v1::SamplerOptions& o) { o.set_sigma_min(0.2); }},
        Effect{"euler", "exponential", [](v1::SamplerOptions& o) { o.set_sigma_max(9); }},
        Effect{"euler", "polyexponential", [](v1::SamplerOptions& o) { o.set_rho(2); }}}) {
    v1::SamplerOptions options;
    effect.set(options);
    EXPECT_FALSE(end_of(effect.sampler, effect.schedule, options)
                     .equal(end_of(effect.sampler, effect.schedule, {})))
        << effect.sampler << ' ' << options.ShortDebugString();
  }
}

TEST(SamplerOptions, EtaOfZeroLeavesAStochasticSolverWithoutNoise) {
  v1::SamplerOptions options;
  options.set_eta(0);

  expect_near(end_of("dpmpp_2m_sde", "karras", options), end_of("dpmpp_2m", "karras", {}), 1e-5);
}

TEST(SamplerOptions, ChurnHasNoUpperBoundAtZero) {
  v1::SamplerOptions bounded;
  bounded.set_s_churn(3);
  bounded.set_s_tmax(0);
  v1::SamplerOptions free;
  free.set_s_churn(3);

  EXPECT_TRUE(end_of("euler", "normal", bounded).equal(end_of("euler", "normal", free)));
}

TEST(SamplerOptions, SetTheEndsOfACurve) {
  v1::SamplerOptions options;
  options.set_sigma_min(0.1);
  options.set_sigma_max(10);
  const auto sigmas = sigmas_of("euler", "karras", options);

  EXPECT_NEAR(sigmas[0], 10, 1e-5);
  EXPECT_NEAR(sigmas[7], 0.1, 1e-6);
  EXPECT_EQ(sigmas[8], 0);
  EXPECT_EQ(sigmas_of("euler", "simple", options), sigmas_of("euler", "simple", {}));
  EXPECT_EQ(sigmas_of("euler", "align_your_steps", options),
            sigmas_of("euler", "align_your_steps", {}));
}

TEST(SamplerOptions, ShiftOnlyFlowMatching) {
  SchedulerConfig model = flow_config();
  model.flow.is_dynamic = true;
  v1::SamplerOptions options;
  options.set_shift(1);

  EXPECT_FALSE(sampler_of("euler", "normal", {}, model));  // its shift asks for the picture's size
  EXPECT_NE(sigmas_of("euler", "normal", options, model),
            sigmas_of("euler", "normal", {}, flow_config()));
  EXPECT_EQ(sigmas_of("euler", "normal", options), sigmas_of("euler", "normal", {}));
}

TEST(SamplerOptions, OutOfRangeAreRefusedByName) {
  const auto with = [](auto set) {
    v1::SamplerOptions options;
    set(options);
    return options;
  };

  EXPECT_THAT(fault_of("euler_a", "normal", with([](auto& o) { o.set_eta(-1); })),
              HasSubstr("eta"));
  EXPECT_THAT(fault_of("euler", "normal", with([](auto& o) { o.set_s_churn(-1); })),
              HasSubstr("s_churn"));
  EXPECT_THAT(fault_of("lms", "normal", with([](auto& o) { o.set_order(4000000000); })),
              HasSubstr("solver_order"));
  EXPECT_THAT(fault_of("euler", "karras", with([](auto& o) { o.set_rho(-7); })),
              HasSubstr("rho: -7"));
  EXPECT_THAT(fault_of("euler", "karras", with([](auto& o) { o.set_sigma_min(-1); })),
              HasSubstr("sigma_min: -1"));
  EXPECT_THAT(fault_of("euler", "karras", with([](auto& o) { o.set_sigma_min(20); })),
              HasSubstr("sigma_min: 20"));
  EXPECT_THAT(fault_of("euler", "karras", with([](auto& o) {
                         o.set_sigma_max(std::numeric_limits<double>::infinity());
                       })),
              HasSubstr("sigma_max"));
  EXPECT_THAT(fault_of("euler", "karras", with([](auto& o) { o.set_rho(1e-300); })),
              HasSubstr("do not fall"));
}

TEST(SamplerOptions, OfAFlowStayBelowPureNoise) {
  v1::SamplerOptions options;
  options.set_sigma_max(2);
  const auto settings = settings_of("euler", "karras", flow_config(), options);

  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr("sigma_max: 2"));
}

}  // namespace

}  // namespace furrow::engine::diffusion
