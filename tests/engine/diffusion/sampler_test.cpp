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

namespace furrow::engine::diffusion {

namespace {

using testing::HasSubstr;

constexpr std::initializer_list<std::int64_t> kShape = {1, 4, 4, 4};

SchedulerConfig sd_config() {
  SchedulerConfig config;
  config.class_name = "EulerDiscreteScheduler";
  config.beta_start = 0.00085;
  config.beta_end = 0.012;
  config.beta_schedule = BetaSchedule::ScaledLinear;
  config.spacing = TimestepSpacing::Leading;
  config.steps_offset = 1;
  return config;
}

/// Stable Diffusion 3's.
SchedulerConfig flow_config() {
  SchedulerConfig config;
  config.class_name = "FlowMatchEulerDiscreteScheduler";
  config.is_flow = true;
  config.prediction = Prediction::Flow;
  config.flow.shift = 3;
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

void expect_near(const at::Tensor& got, const at::Tensor& expected, double atol) {
  EXPECT_TRUE(at::allclose(got, expected, 1e-3, atol)) << (got - expected).abs().max();
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

/// A network that is none of the ideal ones.
at::Tensor some_output(const Sampler& sampler) {
  return (sampler.model_input() * 0.7).tanh();
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
