#include "worker/engine/diffusion/sampler_options.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "worker/engine/diffusion/sampler.h"
#include "worker/engine/diffusion/sampler_class.h"
#include "worker/engine/diffusion/sigma_curve.h"

namespace furrow::engine::diffusion {
namespace {

/// A number above 0, or nothing for 0, which is the schedule's or the model's own.
Result<std::optional<double>> number(std::string_view what, double value) {
  if (value == 0) return std::optional<double>();
  if (value > 0 && std::isfinite(value)) return std::optional(value);
  return fail(ErrorKind::Invalid,
              fmt::format("{}: {} is not a number above 0; 0 leaves it as it is", what, value));
}

StepOptions step_options(const Heeds& heeds, const v1::SamplerOptions& asked) {
  StepOptions options;
  if (heeds.eta && asked.has_eta()) options.eta = asked.eta();
  if (heeds.churn) {
    options.s_churn = asked.s_churn();
    options.s_tmin = asked.s_tmin();
    if (asked.s_tmax() != 0) options.s_tmax = asked.s_tmax();
  }
  if (heeds.noise && asked.has_s_noise()) options.s_noise = asked.s_noise();
  constexpr std::uint32_t kNoOrder = std::numeric_limits<int>::max();
  if (heeds.most_order > 0)
    options.solver_order = static_cast<int>(std::min(asked.order(), kNoOrder));
  return options;
}

bool has_rho(SigmaCurve curve) {
  return curve == SigmaCurve::Karras || curve == SigmaCurve::Polyexponential;
}

Result<void> set_ends(const v1::SamplerOptions& asked, SchedulerConfig& config) {
  FURROW_TRY(const auto sigma_min, number("sigma_min", asked.sigma_min()));
  FURROW_TRY(const auto sigma_max, number("sigma_max", asked.sigma_max()));
  if (config.is_flow && sigma_max.value_or(0) > 1)
    return fail(
        ErrorKind::Invalid,
        fmt::format("sigma_max: {} is more than 1, which is pure noise to this model, one of "
                    "flow matching",
                    *sigma_max));
  if (sigma_min) config.sigma_min = sigma_min;
  if (sigma_max) config.sigma_max = sigma_max;
  if (config.sigma_min && config.sigma_max && *config.sigma_min >= *config.sigma_max)
    return fail(ErrorKind::Invalid, fmt::format("sigma_min: {} is not less than sigma_max, {}",
                                                *config.sigma_min, *config.sigma_max));
  return {};
}

Result<void> set_schedule(const v1::SamplerOptions& asked, Levels levels, SchedulerConfig& config) {
  if (asked.discards_next_to_last_sigma() && takes_schedules(levels) && !is_of_timesteps(levels))
    config.discards_next_to_last_sigma = true;
  if (has_ends(config.curve) && !is_fitted(config.curve)) FURROW_TRY_VOID(set_ends(asked, config));
  if (has_rho(config.curve)) {
    FURROW_TRY(const auto rho, number("rho", asked.rho()));
    if (rho) config.rho = rho;
  }
  if (config.is_flow) {
    FURROW_TRY(const auto shift, number("shift", asked.shift()));
    if (shift) {
      config.flow.shift = *shift;
      config.flow.is_dynamic = false;
    }
  }
  return {};
}

}  // namespace

Result<SamplerSettings> settings_of(std::string_view name, std::string_view schedule,
                                    const SchedulerConfig& model,
                                    const v1::SamplerOptions& options) {
  FURROW_TRY(SchedulerConfig config, config_of(name, schedule, model));
  const SamplerClass& algorithm = *find_class(config.class_name);
  FURROW_TRY_VOID(set_schedule(options, algorithm.levels, config));
  return SamplerSettings{config, step_options(heeds_of(algorithm, config), options)};
}

}  // namespace furrow::engine::diffusion
