#pragma once

#include <optional>
#include <vector>

#include "common/base/result.h"
#include "worker/engine/diffusion/flow_sigmas.h"
#include "worker/engine/diffusion/scheduler_config.h"
#include "worker/engine/diffusion/timestep_spacing.h"
#include "worker/engine/diffusion/trained_noise.h"

namespace furrow::engine::diffusion {

/// The levels one run visits.
struct Schedule {
  std::vector<double> timesteps;  ///< [N], falling; what the model is told
  /// [N + 1], falling; sigmas[i] before step i, sigmas[N] after the last. (SigmaCurve::LogLinear
  /// stops at the smallest sigma and has one unused value behind it; an inverted flow rises to 1.)
  std::vector<double> sigmas;
};

/// What becomes of the timesteps of sigmas along a curve, which lie between whole ones.
enum class CurveRounding {
  None,
  KarrasNearest,  ///< only Karras' curve is rounded
  /// Karras' and Lu's curve to the nearest, exponential and beta down: so the reference casts them.
  Whole,
  WholeButCosineDown,  ///< the same, but all down for a model of the squared cosine
};

/// Where samplers differ in how they lay a schedule out.
struct ScheduleRule {
  SpacingRule spacing = {};
  CurveRounding rounding = CurveRounding::None;
  /// A curve runs between the model's own extremes, not those of the spaced timesteps.
  bool curve_spans_model = false;
  /// Along a curve, FinalSigma::SigmaMin is the curve's last sigma once more.
  bool final_repeats_curve = false;
  /// Every model is spaced evenly from its noisiest timestep, whatever its config says.
  bool ignores_spacing = false;
  /// The timesteps are those of a consistency model.
  bool is_distilled = false;
  /// A request for another number of original steps means all trained timesteps: TCD's reading.
  bool original_steps_mean_all = false;
  FlowSpacing flow = FlowSpacing::Euler;
};

/// How many levels, or exactly which.
struct ScheduleRequest {
  int steps = 0;
  std::vector<double> timesteps;  ///< instead of spaced ones when not empty; falling
  /// Instead of everything when not empty; falling, with the last. Of flow matching: unshifted and
  /// without the last.
  std::vector<double> sigmas;
  std::optional<double> mu;           ///< the dynamic shift of flow matching; see shift_of_image
  std::optional<int> original_steps;  ///< instead of config.original_inference_steps
};

/// Errors: Invalid, when there are fewer than 1 or more steps than the model has timesteps, when
/// given timesteps or sigmas do not fall or lie outside of the model's, or as flow_sigmas and
/// distilled_timesteps.
Result<Schedule> make_schedule(const SchedulerConfig& config, const TrainedNoise& trained,
                               const ScheduleRule& rule, const ScheduleRequest& request);

}  // namespace furrow::engine::diffusion
