#include "worker/engine/diffusion/sampler_plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace furrow::engine::diffusion {

std::vector<Call> one_call_a_step(const Schedule& schedule) {
  std::vector<Call> calls;
  for (std::size_t i = 0; i < schedule.timesteps.size(); ++i)
    calls.push_back({static_cast<int>(i), schedule.sigmas[i], schedule.timesteps[i]});
  return calls;
}

double churned_sigma(const StepOptions& options, double sigma, std::size_t parts) {
  if (sigma < options.s_tmin || sigma > options.s_tmax) return sigma;
  const double gamma =
      std::min(options.s_churn / static_cast<double>(parts), std::numbers::sqrt2 - 1);
  return sigma * (1 + gamma);
}

double timestep_of(const SamplerPlan& plan, double sigma) {
  if (plan.config.continuous_timesteps) return 0.25 * std::log(sigma);
  if (plan.config.is_flow) return sigma * plan.config.num_train_timesteps;
  return timestep_of_sigma(sigma, plan.trained);
}

}  // namespace furrow::engine::diffusion
