#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"

namespace furrow::engine::diffusion {

/// What the network's output is: the noise, the velocity of arXiv:2202.00512 appendix D, the clean
/// latent itself, or the velocity of flow matching (arXiv:2210.02747), which is noise − clean.
enum class Prediction { Epsilon, V, Sample, Flow };

enum class BetaSchedule { Linear, ScaledLinear, SquaredCosine, Exponential, Laplace, Sigmoid };

/// Which of the trained timesteps a run of few steps visits (arXiv:2305.08891, table 2).
enum class TimestepSpacing { Linspace, Leading, Trailing };

/// How the sigmas of a run fall. The first group picks timesteps and takes their sigmas, the second
/// runs along a curve between the largest and the smallest, the third interpolates a fitted table.
enum class SigmaCurve {
  Spaced,
  Uniform,
  SgmUniform,
  Simple,
  DdimUniform,
  Turbo,

  Karras,
  Exponential,
  Polyexponential,
  Beta,
  Lu,
  LogLinear,
  KlOptimal,
  LinearQuadratic,
  Linear,
  Sine,
  Smoothstep,
  Arcsine,
  Sigmoid,

  AlignYourSteps,
  AlignYourSteps32,
  Gits,
};

/// Where a run ends: without noise, or at the smallest sigma the model was trained on.
enum class FinalSigma { Zero, SigmaMin };

/// The variants of DPM-Solver's second order (arXiv:2211.01095, section 4) and of UniPC's B(h)
/// (arXiv:2302.04867, section 3.3). DEIS knows only one rule.
enum class SolverType { Midpoint, Heun, Bh1, Bh2 };

/// How much noise a step of DDPM puts back (arXiv:2006.11239, section 3.2): the smallest or the
/// largest variance that is right for some data.
enum class Variance { FixedSmall, FixedLarge };

enum class TimeShift { Exponential, Linear };

/// Flow matching's own levels, x = (1 − sigma) x0 + sigma eps, and how they are moved towards the
/// noisy end for large pictures (arXiv:2403.03206, section 5.3.2).
struct FlowShift {
  double shift = 1;
  bool is_dynamic = false;  ///< the shift depends on the picture's size instead; see shift_of_image
  TimeShift kind = TimeShift::Exponential;
  double base_shift = 0.5;  ///< of a picture of base_image_seq_len tokens
  double max_shift = 1.15;  ///< of one of max_image_seq_len
  int base_image_seq_len = 256;
  int max_image_seq_len = 4096;
  std::optional<double> terminal;  ///< the levels are stretched so that the last one is this
  bool is_inverted = false;        ///< from clean to noise
};

/// What a diffusers `scheduler_config.json` says, absent keys at the defaults of its class.
///
/// One struct for all classes: a sampler reads the part that is about it. The first part belongs to
/// the model and is the same for every sampler; the others say how one sampler runs.
struct SchedulerConfig {
  /// "EulerDiscreteScheduler"; furrow's own name ("dpmpp_2s_a") where diffusers has no such class.
  std::string class_name;

  // The noise the model was trained on.
  int num_train_timesteps = 1000;
  double beta_start = 0.0001;
  double beta_end = 0.02;
  BetaSchedule beta_schedule = BetaSchedule::Linear;
  std::vector<double> trained_betas;  ///< instead of the schedule when not empty
  bool rescale_betas_zero_snr = false;
  Prediction prediction = Prediction::Epsilon;
  bool is_flow = false;  ///< trained by flow matching: no betas, levels as in FlowShift
  FlowShift flow;
  bool is_sdxl = false;  ///< whose fitted sigmas apply (SigmaCurve's third group)

  // The levels that a run visits.
  TimestepSpacing spacing = TimestepSpacing::Linspace;
  int steps_offset = 0;
  SigmaCurve curve = SigmaCurve::Spaced;
  std::optional<double> sigma_min;  ///< the curve's ends; absent: the model's
  std::optional<double> sigma_max;
  std::optional<double> rho;  ///< of Karras (7) and Polyexponential (1)
  FinalSigma final_sigma = FinalSigma::Zero;
  /// A schedule of one step more, without its last level but one: samplers of second order
  /// overshoot there. Given levels are taken as they are.
  bool discards_next_to_last_sigma = false;
  double lambda_min_clipped = -std::numeric_limits<double>::infinity();
  bool continuous_timesteps = false;  ///< the model is told log(sigma) / 4 (EDM)
  int original_inference_steps = 50;  ///< how many levels a consistency model was distilled on

  // The step.
  std::string algorithm;  ///< "dpmsolver++", "sde-dpmsolver++"; empty for classes with only one
  bool expands_sde_exactly = false;  ///< sde-dpmsolver++ of third order as k-diffusion has it
  int solver_order = 2;
  int corrector_order = 2;  ///< SA-Solver
  SolverType solver_type = SolverType::Midpoint;
  bool lower_order_final = true;
  bool euler_at_final = false;
  bool set_alpha_to_one = true;
  bool skip_prk_steps = false;         ///< PNDM: no Runge-Kutta steps at the beginning
  bool predict_x0 = true;              ///< UniPC: integrate the clean latent, not the noise
  std::vector<int> disable_corrector;  ///< UniPC: steps after which nothing is corrected
  Variance variance = Variance::FixedSmall;
  double timestep_scaling = 10;      ///< LCM: how sharply its boundary condition sets in
  bool stochastic_sampling = false;  ///< flow Euler: every step goes to clean and adds noise anew

  // What is done to the clean latent that a step predicts.
  bool clip_sample = false;
  double clip_sample_range = 1.0;
  bool thresholding = false;  ///< dynamic thresholding, arXiv:2205.11487 section 2.3
  double dynamic_thresholding_ratio = 0.995;
  double sample_max_value = 1.0;
};

/// Reads a scheduler's config; unknown keys are ignored.
/// Errors: Invalid, naming the key whose value is of a wrong type, unknown, or asks for something
/// that no sampler here does (learned variances).
Result<SchedulerConfig> parse_scheduler_config(const nlohmann::json& json);

}  // namespace furrow::engine::diffusion
