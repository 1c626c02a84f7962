#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "worker/engine/diffusion/schedule.h"
#include "worker/engine/diffusion/scheduler_config.h"
#include "worker/engine/diffusion/trained_noise.h"

namespace furrow::engine::diffusion {

/// What a recipe may tell a sampler beside its config. Each applies to some samplers only; for the
/// others everything but the neutral value (absent, 0, infinity, 1) is refused, not ignored.
struct StepOptions {
  /// Share of the ancestral noise, 0 … 1. Absent: the sampler's own, which is 0 for DDIM, 0.3 for
  /// TCD, and 1 for the ancestral and stochastic ones.
  std::optional<double> eta;
  bool use_clipped_model_output = false;  ///< DDIM: take the noise anew from the clipped latent
  /// Karras et al. 2022 (arXiv:2206.00364), algorithm 2: noise that is added before a step whose
  /// sigma is within s_tmin … s_tmax.
  double s_churn = 0;
  double s_tmin = 0;
  double s_tmax = std::numeric_limits<double>::infinity();
  double s_noise = 1;    ///< what all noise of the steps is multiplied with
  int solver_order = 0;  ///< how many slopes a step combines; 0: the sampler's own
};

/// All that a sampler is built from.
struct SamplerPlan {
  SchedulerConfig config;
  TrainedNoise trained;
  Schedule schedule;
  StepOptions options;
};

/// One question to the model.
struct Call {
  int step = 0;         ///< the step it belongs to; it begins at schedule.sigmas[step]
  double sigma = 0;     ///< the level of noise that the model meets
  double timestep = 0;  ///< what it is told of it
};

/// One call a step, at its beginning.
std::vector<Call> one_call_a_step(const Schedule& schedule);

/// Two calls a step, at its beginning and at the level that `second` gives; only one in a step that
/// ends without noise.
template <typename CallWithin>
std::vector<Call> two_calls_a_step(const Schedule& schedule, CallWithin second) {
  std::vector<Call> calls;
  for (const Call& first : one_call_a_step(schedule)) {
    calls.push_back(first);
    if (schedule.sigmas[static_cast<std::size_t>(first.step) + 1] > 0)
      calls.push_back(second(first.step));
  }
  return calls;
}

/// The sigma at which a step really begins when noise is added before it: `s_churn` is that of a
/// run of `parts` steps. It is `sigma` itself without churn.
double churned_sigma(const StepOptions& options, double sigma, std::size_t parts);

/// The timestep at which the model meets `sigma`, as the plan's kind of model counts them.
double timestep_of(const SamplerPlan& plan, double sigma);

}  // namespace furrow::engine::diffusion
