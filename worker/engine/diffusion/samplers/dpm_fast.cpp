// DPM-Solver-fast: Lu et al. 2022 (arXiv:2206.00927), section 3.4: as many calls as steps are asked
// for, in steps of three calls, equal in lambda, from the largest sigma to the smallest the model
// was trained on; what is left over is one step of two or one call. It so ends with a trace of
// noise, as k-diffusion's does. Ancestral by eta, which is 1, as A1111 calls it.

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/dpm_classic.h"
#include "worker/engine/diffusion/samplers/samplers.h"
#include "worker/engine/diffusion/sigma_curve.h"

namespace furrow::engine::diffusion {
namespace {

struct Leg {
  int order = 1;
  double sigma = 0;
  double sigma_next = 0;
  LambdaStep step;  // to sigma_down where noise follows
};

std::vector<int> orders_of(int calls) {
  std::vector<int> orders(static_cast<std::size_t>(calls / 3), 3);
  if (calls % 3 != 0) {
    orders.push_back(calls % 3);
  } else {
    orders.back() = 2;
    orders.push_back(1);
  }
  return orders;
}

std::vector<Leg> legs_of(const SamplerPlan& plan) {
  const auto orders = orders_of(static_cast<int>(plan.schedule.timesteps.size()));
  const double end = plan.trained.sigmas.front();
  const auto log_sigmas = linspace(std::log(plan.schedule.sigmas.front()), std::log(end),
                                   static_cast<int>(orders.size()) + 1);
  std::vector<Leg> legs;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    Leg leg{orders[i], std::exp(log_sigmas[i]), std::exp(log_sigmas[i + 1]), {}};
    const auto to =
        AncestralStep::between(leg.sigma, leg.sigma_next, plan.options.eta.value_or(1), false);
    leg.step = {leg.sigma, std::max(to.sigma_down, end)};
    legs.push_back(leg);
  }
  return legs;
}

/// Every call counts as a step.
std::vector<Call> calls_of(const SamplerPlan& plan, const std::vector<Leg>& legs) {
  std::vector<Call> calls;
  const auto add = [&](double sigma) {
    calls.push_back({static_cast<int>(calls.size()), sigma, told_at(plan, sigma)});
  };
  for (const Leg& leg : legs) {
    add(leg.sigma);
    for (const double r : inner_fractions(leg.order)) add(leg.step.sigma_at(r));
  }
  return calls;
}

class DpmFast final : public SigmaSampler {
 public:
  DpmFast(const SamplerPlan& plan, std::vector<Leg> legs)
      : SigmaSampler(plan, calls_of(plan, legs)), legs_(std::move(legs)) {}

  /// The beginning of the leg that the step is in.
  int first_call_of(int step) const override {
    int first = 0;
    for (const Leg& leg : legs_) {
      if (step < first + leg.order) return first;
      first += leg.order;
    }
    return first;
  }

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    const int first = first_call_of(call_);
    if (call_ == first) {
      begin_ = latent_;
      eps_.clear();
    }
    eps_.push_back(slope(latent_, output, sigma_of(call_)));
    const Leg& leg = leg_at(first);
    const auto fractions = inner_fractions(leg.order);
    if (eps_.size() <= fractions.size())
      return dpm_solver_latent(begin_, leg.step, fractions, eps_, fractions[eps_.size() - 1]);
    const at::Tensor x = dpm_solver_latent(begin_, leg.step, fractions, eps_);
    if (plan_.options.eta.value_or(1) == 0) return x;
    const double added = std::sqrt(
        std::max(leg.sigma_next * leg.sigma_next - leg.step.sigma_to * leg.step.sigma_to, 0.0));
    return x + draw() * (added * plan_.options.s_noise);
  }

  const Leg& leg_at(int first_call) const {
    std::size_t i = 0;
    for (int first = 0; first < first_call; ++i) first += legs_[i].order;
    return legs_[i];
  }

  const std::vector<Leg> legs_;
  // Of the leg so far.
  at::Tensor begin_;
  std::vector<at::Tensor> eps_;
};

}  // namespace

std::unique_ptr<Sampler> make_dpm_fast(SamplerPlan plan) {
  return std::make_unique<DpmFast>(plan, legs_of(plan));
}

}  // namespace furrow::engine::diffusion
