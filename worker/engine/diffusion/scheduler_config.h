#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"

namespace furrow::engine::diffusion {

/// What the network's output is: the noise, the velocity of arXiv:2202.00512 appendix D, or the
/// clean latent itself.
enum class Prediction { Epsilon, V, Sample };

enum class BetaSchedule { Linear, ScaledLinear, SquaredCosine, Exponential };

/// Which of the trained timesteps a run of few steps visits (arXiv:2305.08891, table 2).
enum class TimestepSpacing { Linspace, Leading, Trailing };

/// How the sigmas of a run fall: as the spaced timesteps have them, by A1111's "simple" pick, or
/// along a curve between the largest and the smallest.
enum class SigmaCurve { Spaced, Simple, Karras, Exponential, Beta, Lu, LogLinear };

/// Where a run ends: without noise, or at the smallest sigma the model was trained on.
enum class FinalSigma { Zero, SigmaMin };

/// The second-order rule of DPM-Solver++ (arXiv:2211.01095, section 4).
enum class SolverType { Midpoint, Heun };

/// What a diffusers `scheduler_config.json` says, absent keys at the defaults of its class.
///
/// One struct for all classes: a sampler reads the part that is about it. The first part belongs to
/// the model and is the same for every sampler; the others say how one sampler runs.
struct SchedulerConfig {
  std::string class_name;  ///< "EulerDiscreteScheduler"

  // The noise the model was trained on.
  int num_train_timesteps = 1000;
  double beta_start = 0.0001;
  double beta_end = 0.02;
  BetaSchedule beta_schedule = BetaSchedule::Linear;
  std::vector<double> trained_betas;  ///< instead of the schedule when not empty
  bool rescale_betas_zero_snr = false;
  Prediction prediction = Prediction::Epsilon;

  // The levels that a run visits.
  TimestepSpacing spacing = TimestepSpacing::Linspace;
  int steps_offset = 0;
  SigmaCurve curve = SigmaCurve::Spaced;
  std::optional<double> sigma_min;  ///< the curve's ends; absent: the model's
  std::optional<double> sigma_max;
  FinalSigma final_sigma = FinalSigma::Zero;
  double lambda_min_clipped = -std::numeric_limits<double>::infinity();
  bool continuous_timesteps = false;  ///< the model is told log(sigma) / 4 (EDM)

  // The step.
  std::string algorithm;  ///< "dpmsolver++", "sde-dpmsolver++"; empty for classes with only one
  int solver_order = 2;
  SolverType solver_type = SolverType::Midpoint;
  bool lower_order_final = true;
  bool euler_at_final = false;
  bool set_alpha_to_one = true;

  // What is done to the clean latent that a step predicts.
  bool clip_sample = false;
  double clip_sample_range = 1.0;
  bool thresholding = false;  ///< dynamic thresholding, arXiv:2205.11487 section 2.3
  double dynamic_thresholding_ratio = 0.995;
  double sample_max_value = 1.0;
};

/// Reads a scheduler's config; unknown keys are ignored.
/// Errors: Invalid, naming the key whose value is of a wrong type, unknown, or asks for something
/// that no sampler here does (flow matching, learned variances).
Result<SchedulerConfig> parse_scheduler_config(const nlohmann::json& json);

}  // namespace furrow::engine::diffusion
