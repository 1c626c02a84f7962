#pragma once

#include <string_view>

#include "common/base/result.h"
#include "furrow/v1/recipe.pb.h"
#include "worker/engine/diffusion/sampler_plan.h"
#include "worker/engine/diffusion/scheduler_config.h"

namespace furrow::engine::diffusion {

/// What a recipe's sampler is built from: the arguments of make_sampler.
struct SamplerSettings {
  SchedulerConfig config;
  StepOptions options;
};

/// config_of, with what a recipe says beyond the two names. As in A1111, an option applies where
/// the sampler or the schedule has it, and changes nothing elsewhere, so that one sweep can hold
/// samplers of every kind:
///
///  - eta: ancestral and stochastic samplers, DDIM, TCD
///  - s_churn, s_tmin, s_tmax: Euler, Heun, HeunPP2, DPM2. s_tmax 0 is no bound.
///  - s_noise: samplers that add noise
///  - order: multistep solvers
///  - discards_next_to_last_sigma: samplers that follow a schedule of sigmas; some do it unasked
///  - sigma_min, sigma_max: schedules that run along a curve between two ends
///  - rho: Karras and Polyexponential
///  - shift: models of flow matching, instead of their own, fixed or by the picture's size
///
/// 0 in the last four numbers is the schedule's or the model's own.
///
/// Errors: Invalid, as config_of, or naming the option whose value is no level of noise, or is not
/// above 0. make_sampler checks those of the steps.
Result<SamplerSettings> settings_of(std::string_view name, std::string_view schedule,
                                    const SchedulerConfig& model,
                                    const v1::SamplerOptions& options);

}  // namespace furrow::engine::diffusion
