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
  bool eta_of_sde = false;  ///< only with algorithm sde-dpmsolver++
  bool churn = false;
  bool noise = false;  ///< s_noise
  bool clipped_model_output = false;
  int most_order = 0;  ///< the largest solver_order; 0: it has none to choose
};

/// What levels of noise a sampler can step over.
enum class Levels {
  Any,           ///< also those of flow matching
  Diffusion,     ///< those of a model with trained betas, along any schedule
  Timesteps,     ///< the same, by the whole timesteps nearest to the schedule
  OwnTimesteps,  ///< whole timesteps of its own choice: no schedule but the normal one
  Own,           ///< levels of its own choice
  Flow,          ///< only those of flow matching
};

/// An algorithm under the name of its config: a diffusers class, or furrow's own name where
/// diffusers has none.
struct SamplerClass {
  std::string_view name;
  ScheduleRule rule;
  std::unique_ptr<Sampler> (*make)(SamplerPlan);
  Heeds heeds = {};
  Levels levels = Levels::Any;
  /// What of a config does not fit together, as a sentence; nothing when all does.
  std::optional<std::string> (*fault)(const SchedulerConfig&) = nullptr;
  bool needs_negative = false;  ///< at every guidance scale
};

/// What a sampler of this class heeds with this config: `eta` is set where eta_of_sde makes it so.
Heeds heeds_of(const SamplerClass& algorithm, const SchedulerConfig& config);

/// Errors: Invalid, naming the option that is out of range or that the sampler does not heed, and
/// for that which ones do.
Result<void> check_options(const SamplerClass& algorithm, const SchedulerConfig& config,
                           const StepOptions& options);

/// Whether a schedule other than the normal one goes with these levels.
bool takes_schedules(Levels levels);

/// Whether the sampler knows of the trained levels only what they mix, and so needs whole
/// timesteps.
bool is_of_timesteps(Levels levels);

/// All of them.
const std::vector<SamplerClass>& sampler_classes();

/// Nothing when there is none of this name.
const SamplerClass* find_class(std::string_view name);

}  // namespace furrow::engine::diffusion
