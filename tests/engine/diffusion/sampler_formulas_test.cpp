// Samplers whose formulas are stated here once more, on numbers instead of latents.

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/engine/diffusion/sampler_support.h"
#include "worker/engine/diffusion/prediction.h"
#include "worker/engine/diffusion/sampler.h"
#include "worker/engine/diffusion/samplers/exponential.h"

namespace furrow::engine::diffusion {

namespace {

/// What the model of these tests says the clean latent is in a call, wherever it is.
double said_in(int call) {
  return std::sin(1.7 * call);
}

/// The end of a run from a latent of ones, with draws of `draw`. Requires: Prediction::Sample.
double end_of(Sampler& sampler, double draw) {
  sampler.start(at::ones(kShape));
  while (!sampler.is_finished())
    sampler.advance(at::full(kShape, said_in(sampler.call())),
                    [&] { return at::full(kShape, draw); });
  return sampler.latent().flatten()[0].item<double>();
}

/// k-diffusion's DPM++ 2M SDE (midpoint) and 3M SDE, noise on top of the latent.
double k_diffusions_sde(const std::vector<double>& sigmas, double x, int order, double eta,
                        double draw) {
  double h1 = 0;
  double h2 = 0;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const double D = said_in(static_cast<int>(i));
    if (sigmas[i + 1] == 0) return D;
    const double h = std::log(sigmas[i] / sigmas[i + 1]);
    const double kh = h * (1 + eta);
    x = std::exp(-kh) * x + (1 - std::exp(-kh)) * D;
    const double phi2 = (std::exp(-kh) - 1) / kh + 1;
    const double d10 = i > 0 ? (D - said_in(static_cast<int>(i) - 1)) / (h1 / h) : 0;
    if (order == 2) x += 0.5 * (1 - std::exp(-kh)) * d10;
    if (order == 3 && i == 1) x += phi2 * d10;
    if (order == 3 && i > 1) {
      const double r0 = h1 / h;
      const double r1 = h2 / h;
      const double d11 = (said_in(static_cast<int>(i) - 1) - said_in(static_cast<int>(i) - 2)) / r1;
      x +=
          phi2 * (d10 + (d10 - d11) * r0 / (r0 + r1)) - (phi2 / kh - 0.5) * (d10 - d11) / (r0 + r1);
    }
    x += draw * sigmas[i + 1] * std::sqrt(1 - std::exp(-2 * h * eta));
    h2 = h1;
    h1 = h;
  }
  return x;
}

struct SdeCase {
  const char* name;
  int order;
  double eta;
};

TEST(DpmSolver, StepsAsKDiffusionWithEveryShareOfNoise) {
  for (const SdeCase& c : {SdeCase{"dpmpp_2m_sde", 2, 1}, SdeCase{"dpmpp_2m_sde", 2, 0.4},
                           SdeCase{"dpmpp_3m_sde", 3, 1}, SdeCase{"dpmpp_3m_sde", 3, 0.4}}) {
    SchedulerConfig model = sd_config();
    model.prediction = Prediction::Sample;
    SchedulerConfig config = config_of(c.name, "kl_optimal", model).value();  // ends with noise
    config.lower_order_final = false;
    config.final_sigma = FinalSigma::SigmaMin;
    ScheduleRequest request;
    request.steps = 6;
    const auto sampler = make_sampler(config, request, {.eta = c.eta}).value();
    const auto& sigmas = sampler->plan().schedule.sigmas;
    const double first_alpha = Mix::of_sigma(sigmas.front()).alpha;
    const double last_alpha = Mix::of_sigma(sigmas.back()).alpha;

    const double got = end_of(*sampler, 0.3) / last_alpha;

    EXPECT_NEAR(got, k_diffusions_sde(sigmas, 1 / first_alpha, c.order, c.eta, 0.3), 2e-4)
        << c.name << ' ' << c.eta;
  }
}

std::unique_ptr<Sampler> sampler_of_order(const char* name, const char* schedule, int order) {
  SchedulerConfig model = sd_config();
  model.prediction = Prediction::Sample;
  ScheduleRequest request;
  request.steps = 6;
  StepOptions options;
  options.solver_order = order;
  return make_sampler(config_of(name, schedule, model).value(), request, options).value();
}

/// The latent before the last step, from one of ones.
at::Tensor latent_before_the_last_step(Sampler& sampler) {
  sampler.start(at::ones(kShape));
  while (sampler.call() < 5) sampler.advance(at::full(kShape, said_in(sampler.call())), {});
  return sampler.latent();
}

TEST(IpndmV, IsIpndmOfThirdOrderWhereStepsAreEqual) {
  const auto fixed = sampler_of_order("ipndm", "linear", 3);
  const auto variable = sampler_of_order("ipndm_v", "linear", 3);

  expect_near(latent_before_the_last_step(*variable), latent_before_the_last_step(*fixed), 1e-4);
}

TEST(IpndmV, IsLmsOfSecondOrderAndNoMore) {
  for (const int order : {2, 3, 4}) {
    const auto lms = sampler_of_order("lms", "karras", order);
    const auto variable = sampler_of_order("ipndm_v", "karras", order);

    const bool is_same = at::allclose(latent_before_the_last_step(*variable),
                                      latent_before_the_last_step(*lms), 1e-4, 1e-5);

    EXPECT_EQ(is_same, order == 2) << order;
  }
}

TEST(Ipndm, EndsAtWhatTheModelSays) {
  for (const char* name : {"ipndm", "ipndm_v"}) {
    const auto sampler = sampler_named(name, "karras", 6, Prediction::Sample);
    end_of(*sampler, 0);
    expect_near(sampler->latent(), at::full(kShape, said_in(5)), 1e-6);
  }
}

TEST(SaSolver, CorrectsTheStepBeforeTheLastWithThreeValues) {
  SchedulerConfig config = sd_config();
  config.class_name = "SASolverScheduler";
  config.prediction = Prediction::Sample;
  config.final_sigma = FinalSigma::SigmaMin;
  config.corrector_order = 3;
  ScheduleRequest request;
  request.steps = 8;
  const auto sampler = make_sampler(config, request, {.eta = 0}).value();
  const auto mix = [&](std::size_t i) { return Mix::of_sigma(sampler->plan().schedule.sigmas[i]); };
  const auto h = [&](std::size_t i) { return mix(i + 1).lambda() - mix(i).lambda(); };
  const auto zeros = [] { return at::zeros(kShape); };

  sampler->start(at::ones(kShape), 5);
  for (const double said : {1.0, 1.0, 2.0}) sampler->advance(at::full(kShape, said), zeros);

  // The first step is corrected between two equal values, the next through all three; the last is
  // of first order.
  const auto decay = [&](std::size_t i) { return mix(i + 1).sigma / mix(i).sigma; };
  double x = decay(5) + mix(6).alpha * (1 - std::exp(-h(5)));
  const auto weights = exponential_weights({1, 0, -h(5) / h(6)}, h(6));
  x = decay(6) * x + mix(7).alpha * h(6) * (2 * weights[0] + weights[1] + weights[2]);
  x = decay(7) * x + mix(8).alpha * (1 - std::exp(-h(7))) * 2;
  EXPECT_NEAR(sampler->latent().flatten()[0].item<double>(), x, 1e-5);
}

}  // namespace

}  // namespace furrow::engine::diffusion
