#include "worker/engine/diffusion/sampler.h"

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/spec/sampler_names.h"
#include "tests/engine/diffusion/sampler_support.h"

namespace furrow::engine::diffusion {

namespace {

using testing::HasSubstr;

/// Whether a run ends without noise. Some samplers and schedules end with a trace of it, as their
/// references do, and others are exact only where the noise ends.
bool ends_clean(std::string_view sampler, std::string_view schedule) {
  for (const char* name : {"deis", "sa_solver", "dpm_fast", "dpm_adaptive", "tcd", "ddim"})
    if (sampler == name) return false;
  return schedule != "kl_optimal";
}

/// Whether the ideal model is followed exactly also where noise is left: not by integrators that
/// see only the noise decay (Lawson, Lobatto), and not by PLMS, which averages what v is at other
/// timesteps.
bool is_exact(std::string_view sampler, std::string_view schedule, Prediction prediction) {
  if (sampler == "pndm") return prediction != Prediction::V;
  const bool sees_decay = sampler.starts_with("lawson") || sampler.starts_with("lobatto");
  return !sees_decay || ends_clean(sampler, schedule);
}

constexpr std::array kSomeSchedules = {"normal", "simple", "karras", "kl_optimal"};

/// Calls `check` for every sampler with some schedules that go with it.
template <typename Check>
void for_every_sampler(Check check) {
  for (const auto& sampler : spec::samplers()) {
    for (const std::string_view schedule : kSomeSchedules) {
      if (spec::explain_mismatch(sampler.name, schedule)) continue;
      SCOPED_TRACE(fmt::format("{} {}", sampler.name, schedule));
      check(sampler.name, schedule);
    }
  }
}

TEST(EverySampler, ReachesTheLatentThatAnIdealModelKnows) {
  const at::Tensor clean = NoiseSource(11).normal(kShape);
  for_every_sampler([&](std::string_view name, std::string_view schedule) {
    for (const Prediction prediction : {Prediction::Epsilon, Prediction::V, Prediction::Sample}) {
      if (!is_exact(name, schedule, prediction)) continue;
      const bool is_clean = ends_clean(name, schedule);
      for (const int steps : {1, 2, 7}) {
        // The single step of the usual spacing begins where the noise is nearly gone.
        if (steps == 1 && !is_clean) continue;
        SCOPED_TRACE(fmt::format("{} steps, prediction {}", steps, static_cast<int>(prediction)));
        const auto sampler = sampler_named(name, schedule, steps, prediction);
        CountedNoise noise;
        sampler->start(noise.source.normal(kShape) * sampler->initial_scale());

        run(*sampler, clean, noise.draw());

        expect_near(sampler->latent(), clean, is_clean ? 1e-3 : 0.2);
        expect_near(sampler->denoised(), clean, is_clean ? 1e-3 : 5e-3);
      }
    }
  });
}

TEST(EverySampler, ReachesTheLatentOfAnIdealModelOfFlowMatching) {
  const at::Tensor clean = NoiseSource(11).normal(kShape);
  for_every_sampler([&](std::string_view name, std::string_view schedule) {
    ScheduleRequest request;
    request.steps = 6;
    const auto config = config_of(name, schedule, flow_config());
    if (!config) return;
    auto sampler = make_sampler(*config, request);
    if (!sampler) {
      EXPECT_THAT(sampler.error().message, HasSubstr("flow matching"));
      return;
    }
    CountedNoise noise;
    (*sampler)->start(noise.source.normal(kShape) * (*sampler)->initial_scale());

    run(**sampler, clean, noise.draw());

    if (ends_clean(name, schedule)) {
      expect_near((*sampler)->latent(), clean, 1e-3);
    } else {  // as noisy as its last sigma says, and never broken
      EXPECT_TRUE((*sampler)->latent().isfinite().all().item<bool>());
      if (is_exact(name, schedule, Prediction::Flow))
        expect_near((*sampler)->denoised(), clean, 5e-3);
    }
  });
}

TEST(EverySampler, CountsItsSteps) {
  for_every_sampler([](std::string_view name, std::string_view schedule) {
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
  });
}

TEST(EverySampler, GoesOnFromANoisedLatentInTheMiddle) {
  const at::Tensor clean = NoiseSource(11).normal(kShape);
  for_every_sampler([&](std::string_view name, std::string_view schedule) {
    if (!is_exact(name, schedule, Prediction::Epsilon)) return;
    if (name == "lms") return;   // weighs slopes that it lacks there
    if (name == "pndm") return;  // begins anew where its timesteps are further on
    const auto sampler = sampler_named(name, schedule, 8);
    CountedNoise noise;
    const int first = sampler->first_call_of(5);

    sampler->start(sampler->noised(clean, noise.source.normal(kShape), first), first);
    run(*sampler, clean, noise.draw());

    expect_near(sampler->latent(), clean, ends_clean(name, schedule) ? 1e-3 : 0.2);
  });
}

TEST(EverySampler, ForgetsARunWhenItStartsAgain) {
  const at::Tensor latent = NoiseSource(3).normal(kShape);
  for_every_sampler([&](std::string_view name, std::string_view schedule) {
    const auto sampler = sampler_named(name, schedule, 7);
    std::vector<at::Tensor> ends;
    for (int time = 0; time < 2; ++time) {
      CountedNoise noise;
      sampler->start(latent * sampler->initial_scale());
      while (!sampler->is_finished()) sampler->advance(some_output(*sampler), noise.draw());
      ends.push_back(sampler->latent());
    }

    EXPECT_TRUE(ends[0].equal(ends[1]));
  });
}

TEST(EverySampler, GivesEveryRowOfABatchWhatItGetsAlone) {
  const at::Tensor latents = NoiseSource(3).normal({2, 4, 4, 4});
  for_every_sampler([&](std::string_view name, std::string_view schedule) {
    if (name == "dpm_adaptive") return;  // its steps follow from the whole batch
    const auto end_of = [&](const at::Tensor& rows, std::int64_t first) {
      const auto sampler = sampler_named(name, schedule, 5);
      NoiseSource noise(9);
      const auto draw = [&] { return noise.normal({2, 4, 4, 4}).narrow(0, first, rows.size(0)); };
      sampler->start(rows * sampler->initial_scale());
      while (!sampler->is_finished()) sampler->advance(some_output(*sampler), draw);
      return sampler->latent();
    };

    const at::Tensor together = end_of(latents, 0);

    expect_near(end_of(latents.narrow(0, 0, 1), 0), together.narrow(0, 0, 1), 1e-5);
    expect_near(end_of(latents.narrow(0, 1, 1), 1), together.narrow(0, 1, 1), 1e-5);
  });
}

/// How far a sampler is from the exact solution of the ODE of a model whose clean latent is
/// proportional to what it sees.
double error_of(std::string_view name, int steps) {
  const auto sampler = sampler_named(name, "karras", steps, Prediction::Sample);
  sampler->start(at::ones(kShape) * sampler->initial_scale());
  double exact = sampler->latent().flatten()[0].item<double>();
  const auto& sigmas = sampler->plan().schedule.sigmas;
  // D = x / (1 + sigma^2) is the model of unit normal data: x goes as sqrt(1 + sigma^2).
  exact *= std::sqrt((1 + sigmas[static_cast<std::size_t>(steps) - 1] *
                              sigmas[static_cast<std::size_t>(steps) - 1]) /
                     (1 + sigmas[0] * sigmas[0]));
  while (sampler->steps_done() + 1 < steps) {
    const double sigma = sampler->sigma_of(sampler->call());
    sampler->advance(sampler->latent() / (1 + sigma * sigma), [] { return at::zeros(kShape); });
  }
  return std::abs(sampler->latent().flatten()[0].item<double>() / exact - 1);
}

TEST(EverySampler, ComesCloserWithMoreSteps) {
  for (const char* name : {"euler",
                           "heun",
                           "lms",
                           "dpm2",
                           "ipndm",
                           "ralston",
                           "rk3",
                           "rk4",
                           "rk5",
                           "rk6",
                           "ssprk3",
                           "ssprk4",
                           "gauss_legendre_2s",
                           "gauss_legendre_3s",
                           "radau_iia_2",
                           "lobatto_3",
                           "res_2s",
                           "res_3s",
                           "res_2m",
                           "res_3m",
                           "abnorsett_4m",
                           "pec_423",
                           "pec_433",
                           "etdrk_2s",
                           "etdrk_3s_a",
                           "etdrk_3s_b",
                           "etdrk_4s_a",
                           "etdrk_4s_b",
                           "lawson_2s_a",
                           "lawson_2s_b",
                           "lawson_4s"}) {
    SCOPED_TRACE(name);
    const double coarse = error_of(name, 12);
    const double fine = error_of(name, 48);
    EXPECT_LT(fine, std::max(coarse / 2, 1e-6)) << coarse;
    EXPECT_LT(fine, 0.1);
  }
}

int draws_of(std::string_view name, int steps) {
  const auto sampler = sampler_named(name, "normal", steps);
  CountedNoise noise;
  sampler->start(at::ones(kShape));
  while (!sampler->is_finished()) sampler->advance(at::zeros(kShape), noise.draw());
  return noise.draws;
}

TEST(Sampler, DrawsNoiseOnlyWhenItIsAncestral) {
  for (const char* name : {"euler", "heun", "ddim", "dpmpp_2m", "lms", "dpm2", "unipc", "deis",
                           "pndm", "dpmpp_2s", "rk4", "res_3s", "gauss_legendre_2s"})
    EXPECT_EQ(draws_of(name, 5), 0) << name;
  EXPECT_EQ(draws_of("euler_a", 5), 5);
  EXPECT_EQ(draws_of("dpmpp_2m_sde", 5), 5);
  EXPECT_EQ(draws_of("lcm", 5), 4);
  EXPECT_EQ(draws_of("dpm2_a", 5), 4);
  EXPECT_EQ(draws_of("dpmpp_2s_a", 5), 4);
  EXPECT_EQ(draws_of("dpmpp_sde", 5), 8);  // both stages of all steps but the last
}

TEST(Sampler, AsksTheModelTwiceAStepWithHeunExceptInTheLast) {
  EXPECT_EQ(sampler_named("heun", "normal", 5)->call_count(), 9);
  EXPECT_EQ(sampler_named("heun", "normal", 1)->call_count(), 1);
  EXPECT_EQ(sampler_named("euler", "normal", 5)->call_count(), 5);
  EXPECT_EQ(sampler_named("pndm", "normal", 5)->call_count(), 6);
  EXPECT_EQ(sampler_named("rk4", "normal", 5)->call_count(), 17);
  EXPECT_EQ(sampler_named("dpm_fast", "normal", 5)->call_count(), 5);
}

TEST(Sampler, RestartsWhereTheNoiseIsNearlyGone) {
  const auto sampler = sampler_named("restart", "karras", 36);
  int rises = 0;
  for (int call = 1; call < sampler->call_count(); ++call)
    if (sampler->sigma_of(call) > sampler->sigma_of(call - 1) + 1e-6) ++rises;

  EXPECT_EQ(sampler->call_count(), 71);
  EXPECT_EQ(rises, 2);
}

TEST(Sampler, GuidesLittleAndRenoisesWithTheNegativeAnswerByCfgPlusPlus) {
  const at::Tensor latent = NoiseSource(1).normal(kShape);
  const at::Tensor negative = NoiseSource(2).normal(kShape);
  const at::Tensor guided = NoiseSource(3).normal(kShape);
  const auto draw = [] { return at::Tensor(); };
  const auto sampler = sampler_named("ddim_cfgpp", "normal", 4);
  const auto ddim = sampler_named("ddim", "normal", 4);

  sampler->start(latent);
  ddim->start(latent);
  sampler->advance(negative, draw, negative);
  ddim->advance(negative, draw);
  expect_near(sampler->latent(), ddim->latent(), 1e-5);

  sampler->start(latent);
  ddim->start(latent);
  sampler->advance(guided, draw, negative);
  ddim->advance(negative + (guided - negative) / 12.5, draw);
  expect_near(sampler->denoised(), ddim->denoised(), 1e-5);
  EXPECT_FALSE(at::allclose(sampler->latent(), ddim->latent()));
}

}  // namespace

}  // namespace furrow::engine::diffusion
