// DPM-Solver-2 inspired by Karras et al. 2022 (arXiv:2206.00364), algorithm 2, as k-diffusion has
// it (KDPM2 in diffusers): the slope at the middle of log sigma carries the whole step.
//
//   sigma_mid = sqrt(sigma_hat sigma_next)     x_mid = x_hat + d (sigma_mid - sigma_hat)
//   x' = x_hat + d_mid (sigma_next - sigma_hat)
//
// Ancestral: the step goes to sigma_down instead of sigma_next, and noise brings it up. The last
// step, to 0, is Euler's. Calls: 0 is the slope of step 0, 1 the one in its middle, …

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

AncestralStep deterministic_step(const SamplerPlan& plan, int step) {
  return {plan.schedule.sigmas[static_cast<std::size_t>(step) + 1], 1, 0};
}

AncestralStep ancestral_step(const SamplerPlan& plan, int step) {
  const auto i = static_cast<std::size_t>(step);
  return AncestralStep::between(plan.schedule.sigmas[i], plan.schedule.sigmas[i + 1],
                                plan.options.eta.value_or(1), plan.config.is_flow);
}

using StepTo = AncestralStep (*)(const SamplerPlan&, int step);

std::vector<Call> dpm2_calls(const SamplerPlan& plan, StepTo to) {
  return two_calls_a_step(plan.schedule, [&](int step) {
    const double sigma_hat =
        churned_sigma(plan.options, plan.schedule.sigmas[static_cast<std::size_t>(step)],
                      plan.schedule.timesteps.size());
    const double middle = std::sqrt(sigma_hat * to(plan, step).sigma_down);
    return Call{step, middle, timestep_of(plan, middle)};
  });
}

class Dpm2 final : public SigmaSampler {
 public:
  Dpm2(const SamplerPlan& plan, StepTo to) : SigmaSampler(plan, dpm2_calls(plan, to)), to_(to) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    if (begins_step()) {
      from_ = churned(draw, plan_.schedule.timesteps.size());
      const double middle = ends_step() ? sigma(1) : sigma_of(call_ + 1);
      return from_.x + churned_slope(from_, output) * (middle - from_.sigma_hat);
    }
    const AncestralStep to = to_(plan_, static_cast<int>(step()));
    const at::Tensor d = slope(latent_, output, sigma_of(call_));
    const at::Tensor x = from_.x + d * (to.sigma_down - from_.sigma_hat);
    if (to_ == deterministic_step) return x;
    return x * to.scale + draw() * (to.noise * plan_.options.s_noise);
  }

  const StepTo to_;
  Churned from_;  // of the step between its two calls
};

}  // namespace

std::unique_ptr<Sampler> make_dpm2(SamplerPlan plan) {
  return std::make_unique<Dpm2>(plan, deterministic_step);
}

std::unique_ptr<Sampler> make_dpm2_a(SamplerPlan plan) {
  return std::make_unique<Dpm2>(plan, ancestral_step);
}

}  // namespace furrow::engine::diffusion
