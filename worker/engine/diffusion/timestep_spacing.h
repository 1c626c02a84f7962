#pragma once

#include <vector>

#include "common/base/result.h"
#include "worker/engine/diffusion/scheduler_config.h"
#include "worker/engine/diffusion/trained_noise.h"

namespace furrow::engine::diffusion {

/// Where samplers differ in the timesteps that they take.
struct SpacingRule {
  /// One level more is spaced than asked for, and the cleanest is left out.
  bool drops_last = false;
  /// Timesteps are whole numbers.
  bool whole_timesteps = false;
};

/// `steps` timesteps from noisy to clean by the first group of SigmaCurve; for the others by the
/// config's own spacing. A steps_offset may lead beyond the model's noisiest timestep.
/// Requires: steps between 1 and the number of trained levels.
std::vector<double> spaced_timesteps(const SchedulerConfig& config, const TrainedNoise& trained,
                                     SpacingRule rule, int steps);

/// The timesteps of a consistency model: of the original_steps that it was distilled on, every
/// n-th, the noisiest first (arXiv:2310.04378, section 4.3).
/// Errors: Invalid, when there are fewer of those than `steps`.
Result<std::vector<double>> distilled_timesteps(const SchedulerConfig& config, int original_steps,
                                                int steps);

}  // namespace furrow::engine::diffusion
