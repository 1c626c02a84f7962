#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "worker/engine/diffusion/scheduler_config.h"
#include "worker/engine/diffusion/trained_noise.h"

/// The levels of models that were trained by flow matching: x = (1 − sigma) x0 + sigma eps, with
/// sigma the timestep over the number of timesteps.
namespace furrow::engine::diffusion {

/// How the reference's classes divide [0, 1] before the shift. Euler's include the cleanest trained
/// level, the others stop a step before it.
enum class FlowSpacing { Euler, DpmSolver, UniPc };

/// What one run asks for.
struct FlowRequest {
  int steps = 0;
  std::optional<double> mu;    ///< the dynamic shift of this picture; see shift_of_image
  std::vector<double> sigmas;  ///< unshifted ones instead of spaced ones when not empty
};

/// `steps` falling sigmas, shifted and, where the config has a curve, along it; without the last.
/// Errors: Invalid, when a dynamic shift is wanted and mu is absent, or when the curve is a table
/// fitted to other models.
Result<std::vector<double>> flow_sigmas(const SchedulerConfig& config, const TrainedNoise& trained,
                                        FlowSpacing spacing, const FlowRequest& request);

/// mu of a picture of `tokens` latent patches: from base_shift to max_shift along the line through
/// base_image_seq_len and max_image_seq_len.
double shift_of_image(const FlowShift& flow, std::int64_t tokens);

}  // namespace furrow::engine::diffusion
