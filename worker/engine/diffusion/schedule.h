#pragma once

#include <vector>

#include "common/base/result.h"
#include "worker/engine/diffusion/scheduler_config.h"

namespace furrow::engine::diffusion {

/// The levels of noise a model was trained on, one a timestep, from clean to noisy. Computed in
/// float32, as the reference does, and kept as double: at the clean end the rounding of float32 is
/// visible in a picture's last digits.
struct TrainedNoise {
  std::vector<double> alphas_cumprod;  ///< falling; the last is 0 with zero terminal SNR
  std::vector<double> sigmas;          ///< √((1 − a) / a), rising, always finite
};

TrainedNoise trained_noise(const SchedulerConfig& config);

/// The levels one run visits.
struct Schedule {
  std::vector<double> timesteps;  ///< [N], falling; what the model is told
  /// [N + 1], falling; sigmas[i] before step i, sigmas[N] after the last. (SigmaCurve::LogLinear
  /// stops at the smallest sigma and has one unused value behind it.)
  std::vector<double> sigmas;
};

/// Where samplers differ in how they lay a schedule out.
struct ScheduleRule {
  /// One level more is spaced than asked for, and the cleanest is left out.
  bool drops_last = false;
  /// Timesteps are whole numbers.
  bool whole_timesteps = false;
  /// A curve runs between the model's own extremes, not those of the spaced timesteps.
  bool curve_spans_model = false;
};

/// How many levels, or exactly which.
struct ScheduleRequest {
  int steps = 0;
  std::vector<double> timesteps;  ///< instead of spaced ones when not empty; falling
  std::vector<double> sigmas;     ///< instead of everything when not empty; falling, with the last
};

/// Errors: Invalid, when there are fewer than 1 or more steps than the model has timesteps.
Result<Schedule> make_schedule(const SchedulerConfig& config, const TrainedNoise& trained,
                               const ScheduleRule& rule, const ScheduleRequest& request);

/// The timestep, between whole ones, at which the model was trained on `sigma`.
double timestep_of_sigma(double sigma, const TrainedNoise& trained);

}  // namespace furrow::engine::diffusion
