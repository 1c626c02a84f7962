#pragma once

#include <vector>

#include "worker/engine/diffusion/scheduler_config.h"

namespace furrow::engine::diffusion {

/// The two levels that a curve runs between. Requires: sigma_max > sigma_min > 0.
struct CurveEnds {
  double sigma_max = 0;
  double sigma_min = 0;
};

/// Whether `curve` follows from its ends alone: the second and third group of SigmaCurve.
bool has_ends(SigmaCurve curve);

/// Whether it is a table that was fitted to Stable Diffusion 1.5 and XL, whatever the ends: the
/// third group.
bool is_fitted(SigmaCurve curve);

/// `steps` falling sigmas along config.curve. KlOptimal and LogLinear give one more, where the run
/// ends.
/// Requires: has_ends(config.curve), steps >= 1.
std::vector<double> sigmas_along(const SchedulerConfig& config, CurveEnds ends, int steps);

/// `count` values from `first` to `last`, both included; one value is `first`.
std::vector<double> linspace(double first, double last, int count);

}  // namespace furrow::engine::diffusion
