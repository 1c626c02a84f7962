#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/engine/diffusion/sampler.h"

namespace furrow::engine::diffusion {

/// Which of StepOptions a sampler heeds.
struct Heeds {
  bool eta = false;
  bool churn = false;
  bool noise = false;  ///< s_noise
  bool clipped_model_output = false;
  int most_order = 0;  ///< the largest solver_order; 0: it has none to choose
};

/// An algorithm under the name of its config: a diffusers class, or furrow's own name where
/// diffusers has none.
struct SamplerClass {
  std::string_view name;
  ScheduleRule rule;
  std::unique_ptr<Sampler> (*make)(SamplerPlan);
  Heeds heeds = {};
  /// It steps over the model's own whole timesteps: curves mean nothing to it.
  bool is_of_timesteps = false;
  /// It follows the ODE or SDE of flow matching too.
  bool knows_flow = true;
  /// What of a config does not fit together, as a sentence; nothing when all does.
  std::optional<std::string> (*fault)(const SchedulerConfig&) = nullptr;
};

/// All of them.
const std::vector<SamplerClass>& sampler_classes();

/// Nothing when there is none of this name.
const SamplerClass* find_class(std::string_view name);

}  // namespace furrow::engine::diffusion
