#include "worker/engine/diffusion/schedule.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "common/base/check.h"
#include "worker/engine/diffusion/sigma_curve.h"

namespace furrow::engine::diffusion {
namespace {

double to_float(double value) {
  return static_cast<double>(static_cast<float>(value));
}

bool falls(const std::vector<double>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::less_equal()) == values.end();
}

std::optional<Error> fault_of_request(const ScheduleRequest& request, int last_timestep) {
  const auto complain = [](std::string what) { return Error{ErrorKind::Invalid, std::move(what)}; };
  if (!request.timesteps.empty() && !request.sigmas.empty())
    return complain("timesteps and sigmas: only one of them can be given");
  for (const double t : request.timesteps)
    if (!(t >= 0 && t <= last_timestep))
      return complain(
          fmt::format("timesteps: {} is not one of the model's, 0 to {}", t, last_timestep));
  if (!falls(request.timesteps))
    return complain("timesteps: each must be less than the one before");
  for (const double sigma : request.sigmas)
    if (!(sigma >= 0 && std::isfinite(sigma)))
      return complain(fmt::format("sigmas: {} is not a level of noise", sigma));
  if (!falls(request.sigmas)) return complain("sigmas: each must be less than the one before");
  return std::nullopt;
}

/// The timestep of a sigma along a curve.
double timestep_along(double sigma, const SchedulerConfig& config, const TrainedNoise& trained,
                      CurveRounding rounding) {
  const double t = timestep_of_sigma(sigma, trained);
  const bool casts = config.curve == SigmaCurve::Exponential || config.curve == SigmaCurve::Beta;
  switch (rounding) {
    case CurveRounding::None:
      return t;
    case CurveRounding::KarrasNearest:
      return config.curve == SigmaCurve::Karras ? std::nearbyint(t) : t;
    case CurveRounding::Whole:
      return casts ? std::trunc(t) : std::nearbyint(t);
    case CurveRounding::WholeButCosineDown:
      return casts || config.beta_schedule == BetaSchedule::SquaredCosine ? std::trunc(t)
                                                                          : std::nearbyint(t);
  }
  FURROW_CHECK(false, "an unknown rounding");
}

Schedule schedule_of_timesteps(std::vector<double> timesteps, const TrainedNoise& trained) {
  Schedule schedule{std::move(timesteps), {}};
  for (const double t : schedule.timesteps)
    schedule.sigmas.push_back(sigma_of_timestep(t, trained));
  return schedule;
}

Schedule schedule_of_sigmas(std::vector<double> sigmas, std::size_t steps,
                            const SchedulerConfig& config, const TrainedNoise& trained,
                            const ScheduleRule& rule) {
  Schedule schedule{{}, std::move(sigmas)};
  for (std::size_t i = 0; i < steps; ++i)
    schedule.timesteps.push_back(
        timestep_along(schedule.sigmas[i], config, trained, rule.rounding));
  return schedule;
}

Result<std::vector<double>> timesteps_of(const SchedulerConfig& config, const TrainedNoise& trained,
                                         const ScheduleRule& rule, const ScheduleRequest& request,
                                         int steps) {
  if (!request.timesteps.empty()) return request.timesteps;
  if (rule.is_distilled) {
    int original = request.original_steps.value_or(config.original_inference_steps);
    if (request.original_steps && rule.original_steps_mean_all)
      original = config.num_train_timesteps;
    return distilled_timesteps(config, original, steps);
  }
  SchedulerConfig spaced = config;
  if (rule.ignores_spacing) spaced.spacing = TimestepSpacing::Linspace;
  auto timesteps = spaced_timesteps(spaced, trained, rule.spacing, steps);
  const auto levels = static_cast<double>(trained.sigmas.size());
  if (timesteps.front() >= levels || timesteps.back() < 0)
    return fail(ErrorKind::Invalid,
                fmt::format("steps: with {} of them the model's noise schedule, whose steps_offset "
                            "is {}, leaves its {} timesteps; fewer fit",
                            steps, config.steps_offset, levels));
  return timesteps;
}

/// The levels of a model with trained betas; the last may be missing.
Result<Schedule> trained_levels(const SchedulerConfig& config, const TrainedNoise& trained,
                                const ScheduleRule& rule, const ScheduleRequest& request,
                                int steps) {
  const auto count = static_cast<std::size_t>(steps);
  if (!request.sigmas.empty())
    return schedule_of_sigmas(request.sigmas, count, config, trained, rule);
  FURROW_TRY(auto timesteps, timesteps_of(config, trained, rule, request, steps));
  Schedule schedule = schedule_of_timesteps(std::move(timesteps), trained);
  if (!has_ends(config.curve) || rule.is_distilled) return schedule;
  if (!request.timesteps.empty())
    return fail(ErrorKind::Invalid,
                "timesteps: they cannot be given together with a schedule "
                "that chooses its own");

  const bool spans_model = rule.curve_spans_model || config.curve == SigmaCurve::LogLinear;
  const CurveEnds ends{
      config.sigma_max.value_or(spans_model ? trained.sigmas.back() : schedule.sigmas.front()),
      config.sigma_min.value_or(spans_model ? trained.sigmas.front() : schedule.sigmas.back())};
  if (config.curve != SigmaCurve::LogLinear)
    return schedule_of_sigmas(sigmas_along(config, ends, steps), count, config, trained, rule);
  schedule.sigmas = sigmas_along(config, ends, steps);
  schedule.sigmas.push_back(0);
  return schedule;
}

/// The levels of a model of flow matching; the last may be missing.
Result<Schedule> flow_levels(const SchedulerConfig& config, const TrainedNoise& trained,
                             const ScheduleRule& rule, const ScheduleRequest& request, int steps) {
  const double count = config.num_train_timesteps;
  FlowRequest flow{steps, request.mu, request.sigmas};
  for (const double t : request.timesteps) flow.sigmas.push_back(t / count);
  FURROW_TRY(auto sigmas, flow_sigmas(config, trained, rule.flow, flow));
  Schedule schedule;
  for (double& sigma : sigmas) {
    if (!rule.spacing.whole_timesteps) sigma = to_float(sigma);
    if (config.flow.is_inverted) sigma = to_float(1 - sigma);
    schedule.timesteps.push_back(rule.spacing.whole_timesteps ? std::trunc(sigma * count)
                                                              : to_float(sigma * count));
  }
  schedule.timesteps.resize(static_cast<std::size_t>(steps));
  schedule.sigmas = std::move(sigmas);
  if (config.flow.is_inverted && schedule.sigmas.size() == static_cast<std::size_t>(steps))
    schedule.sigmas.push_back(1);
  return schedule;
}

double final_sigma(const SchedulerConfig& config, const TrainedNoise& trained,
                   const ScheduleRule& rule, const Schedule& schedule) {
  if (config.final_sigma == FinalSigma::Zero) return 0;
  const bool is_curve = has_ends(config.curve) || config.is_flow;
  return rule.final_repeats_curve && is_curve ? schedule.sigmas.back() : trained.sigmas.front();
}

/// Whether every step has a length but the last, which may end where it begins. Not so for numbers
/// that are none.
bool falls_to_its_end(const std::vector<double>& sigmas) {
  for (std::size_t i = 1; i < sigmas.size(); ++i) {
    const bool is_last = i + 1 == sigmas.size();
    if (!(sigmas[i] < sigmas[i - 1] || (is_last && sigmas[i] == sigmas[i - 1]))) return false;
  }
  return true;
}

/// A schedule of `steps` steps with its last sigma.
Result<Schedule> whole_schedule(const SchedulerConfig& config, const TrainedNoise& trained,
                                const ScheduleRule& rule, const ScheduleRequest& request,
                                int steps) {
  Schedule schedule;
  if (config.is_flow) {
    FURROW_TRY(schedule, flow_levels(config, trained, rule, request, steps));
  } else {
    FURROW_TRY(schedule, trained_levels(config, trained, rule, request, steps));
  }
  if (schedule.sigmas.size() == static_cast<std::size_t>(steps))
    schedule.sigmas.push_back(final_sigma(config, trained, rule, schedule));

  for (double& sigma : schedule.sigmas) sigma = to_float(sigma);
  if (has_ends(config.curve) && !config.flow.is_inverted && !falls_to_its_end(schedule.sigmas))
    return fail(
        ErrorKind::Invalid,
        "schedule: its levels do not fall from every step to the next; it takes fewer steps, "
        "or other values of sigma_min, sigma_max and rho");
  if (config.continuous_timesteps && config.prediction == Prediction::V)
    for (std::size_t i = 0; i < schedule.timesteps.size(); ++i)
      schedule.timesteps[i] = 0.25 * std::log(schedule.sigmas[i]);
  return schedule;
}

}  // namespace

Result<Schedule> make_schedule(const SchedulerConfig& config, const TrainedNoise& trained,
                               const ScheduleRule& rule, const ScheduleRequest& request) {
  const auto levels = static_cast<int>(trained.sigmas.size());
  if (auto fault = fault_of_request(request, config.is_flow ? levels : levels - 1))
    return Unexpected(*std::move(fault));
  int steps = request.steps;
  if (!request.timesteps.empty()) steps = static_cast<int>(request.timesteps.size());
  if (!request.sigmas.empty())
    steps = static_cast<int>(request.sigmas.size()) - (config.is_flow ? 0 : 1);
  const bool discards =
      config.discards_next_to_last_sigma && request.timesteps.empty() && request.sigmas.empty();
  const int most = std::max(levels - (rule.spacing.drops_last ? 1 : 0) - (discards ? 1 : 0), 1);
  if (steps < 1 || steps > most)
    return fail(ErrorKind::Invalid, fmt::format("steps: {} is not between 1 and {}, which is what "
                                                "the model's noise schedule allows",
                                                steps, most));
  if (!discards) return whole_schedule(config, trained, rule, request, steps);
  FURROW_TRY(Schedule schedule, whole_schedule(config, trained, rule, request, steps + 1));
  schedule.timesteps.pop_back();
  schedule.sigmas.erase(schedule.sigmas.end() - 2);
  return schedule;
}

}  // namespace furrow::engine::diffusion
