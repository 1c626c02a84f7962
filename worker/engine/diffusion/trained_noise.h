#pragma once

#include <vector>

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

/// The timestep, between whole ones, at which the model was trained on `sigma`.
double timestep_of_sigma(double sigma, const TrainedNoise& trained);

/// The sigma at a timestep between whole ones; beyond the ends it is that of the end.
double sigma_of_timestep(double timestep, const TrainedNoise& trained);

}  // namespace furrow::engine::diffusion
