// Heun's method on the probability-flow ODE: Karras et al. 2022 (arXiv:2206.00364), algorithm 2.
// A step asks the model twice: for the slope d at sigma, and, after an Euler step, for the slope d'
// at sigma_next; it then goes along their mean. The last step, to 0, has no second slope.
//
//   x_euler = x_hat + d dt       x' = x_hat + (d + d') / 2 dt        dt = sigma_next - sigma_hat
//
// Calls: 0 is the first slope of step 0, 1 its second, 2 the first of step 1, … Churn as Euler has
// it; with flow matching the reference draws in the second call too, for nothing.

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

std::vector<Call> heun_calls(const SamplerPlan& plan) {
  const Schedule& schedule = plan.schedule;
  return two_calls_a_step(schedule, [&](int step) {
    const auto next = static_cast<std::size_t>(step) + 1;
    const double sigma = schedule.sigmas[next];
    return Call{
        step, sigma,
        next < schedule.timesteps.size() ? schedule.timesteps[next] : timestep_of(plan, sigma)};
  });
}

class Heun final : public SigmaSampler {
 public:
  explicit Heun(const SamplerPlan& plan) : SigmaSampler(plan, heun_calls(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    if (begins_step()) {
      from_ = churned(draw, parts());
      d_ = churned_slope(from_, output);
      return from_.x + d_ * dt();
    }
    if (is_flow()) churned(draw, parts());
    return from_.x + (d_ + slope(latent_, output, sigma(1))) * (0.5 * dt());
  }

  /// Among how many the churn is divided: the steps, for flow matching the calls.
  std::size_t parts() const { return is_flow() ? calls_.size() : plan_.schedule.timesteps.size(); }

  double dt() const { return sigma(1) - from_.sigma_hat; }

  // Of the step between its two calls.
  Churned from_;
  at::Tensor d_;
};

}  // namespace

std::unique_ptr<Sampler> make_heun(SamplerPlan plan) {
  return std::make_unique<Heun>(plan);
}

}  // namespace furrow::engine::diffusion
