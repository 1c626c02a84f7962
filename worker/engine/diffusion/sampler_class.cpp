#include "worker/engine/diffusion/sampler_class.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

using Fault = std::optional<std::string>;

constexpr ScheduleRule kContinuous = {};
constexpr ScheduleRule kKdpm2Rule = {.rounding = CurveRounding::KarrasNearest};
constexpr ScheduleRule kWholeRule = {.spacing = {.whole_timesteps = true},
                                     .rounding = CurveRounding::WholeButCosineDown};
constexpr ScheduleRule kLcmRule = {.spacing = {.whole_timesteps = true}, .is_distilled = true};
constexpr ScheduleRule kTcdRule = {
    .spacing = {.whole_timesteps = true}, .is_distilled = true, .original_steps_mean_all = true};
constexpr ScheduleRule kDpmRule = {.spacing = {.drops_last = true, .whole_timesteps = true},
                                   .rounding = CurveRounding::WholeButCosineDown,
                                   .curve_spans_model = true,
                                   .flow = FlowSpacing::DpmSolver};
constexpr ScheduleRule kSinglestepRule = {.spacing = {.drops_last = true, .whole_timesteps = true},
                                          .rounding = CurveRounding::Whole,
                                          .curve_spans_model = true,
                                          .ignores_spacing = true,
                                          .flow = FlowSpacing::DpmSolver};
constexpr ScheduleRule kDeisRule = {.spacing = {.drops_last = true, .whole_timesteps = true},
                                    .rounding = CurveRounding::Whole,
                                    .curve_spans_model = true,
                                    .final_repeats_curve = true,
                                    .flow = FlowSpacing::DpmSolver};
constexpr ScheduleRule kUniPcRule = {.spacing = {.drops_last = true, .whole_timesteps = true},
                                     .rounding = CurveRounding::Whole,
                                     .curve_spans_model = true,
                                     .final_repeats_curve = true,
                                     .flow = FlowSpacing::UniPc};

Fault fault_of_order(const SchedulerConfig& config, int most) {
  if (config.solver_order >= 1 && config.solver_order <= most) return std::nullopt;
  return fmt::format("{} of solver_order {} is not supported; 1 to {} are", config.class_name,
                     config.solver_order, most);
}

Fault fault_of_dpm(const SchedulerConfig& config, std::initializer_list<std::string_view> known) {
  const std::string& algorithm = config.algorithm;
  if (std::find(known.begin(), known.end(), algorithm) == known.end())
    return fmt::format("{} with algorithm_type {} is not supported; {} are", config.class_name,
                       algorithm, fmt::join(known, ", "));
  if (!algorithm.ends_with("++") && config.final_sigma == FinalSigma::Zero)
    return fmt::format(
        "algorithm_type {} follows the noise and cannot end without; "
        "final_sigmas_type sigma_min goes with it",
        algorithm);
  return fault_of_order(config, algorithm == "sde-dpmsolver" ? 2 : 3);
}

Fault fault_of_multistep(const SchedulerConfig& config) {
  return fault_of_dpm(config, {"dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver"});
}

Fault fault_of_singlestep(const SchedulerConfig& config) {
  return fault_of_dpm(config, {"dpmsolver++", "sde-dpmsolver++", "dpmsolver"});
}

Fault fault_of_deis(const SchedulerConfig& config) {
  return fault_of_order(config, 3);
}

Fault fault_of_unipc(const SchedulerConfig& config) {
  const bool ends_clean = config.final_sigma == FinalSigma::Zero;
  if (ends_clean && !config.predict_x0)
    return "predict_x0 = false follows the noise and cannot end without; final_sigmas_type "
           "sigma_min goes with it";
  if (ends_clean && !config.lower_order_final && config.solver_order > 1)
    return "lower_order_final = false needs an end that has noise; final_sigmas_type sigma_min "
           "goes with it";
  return fault_of_order(config, 4);
}

std::unique_ptr<Sampler> make_flow_euler(SamplerPlan plan) {
  return plan.config.stochastic_sampling ? make_renoise(std::move(plan))
                                         : make_euler(std::move(plan));
}

Result<void> check_number(std::string_view what, double value, double least, double most) {
  if (value >= least && value <= most) return {};
  if (std::isinf(most))
    return fail(ErrorKind::Invalid,
                fmt::format("{}: {} is not a number from {} up", what, value, least));
  return fail(ErrorKind::Invalid,
              fmt::format("{}: {} is not between {} and {}", what, value, least, most));
}

Result<void> check_ranges(const StepOptions& options) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kFinite = std::numeric_limits<double>::max();
  FURROW_TRY_VOID(check_number("eta", options.eta.value_or(0), 0, 1));
  FURROW_TRY_VOID(check_number("s_churn", options.s_churn, 0, kFinite));
  FURROW_TRY_VOID(check_number("s_tmin", options.s_tmin, 0, kFinite));
  FURROW_TRY_VOID(check_number("s_tmax", options.s_tmax, options.s_tmin, kInfinity));
  FURROW_TRY_VOID(check_number("s_noise", options.s_noise, 0, kFinite));
  return {};
}

/// The samplers that heed an option, by their classes' names.
template <typename Takes>
Unexpected not_heeded(std::string_view option, const SamplerClass& row, Takes takes) {
  std::vector<std::string_view> others;
  for (const SamplerClass& other : sampler_classes())
    if (takes(other.heeds)) others.push_back(other.name);
  return fail(ErrorKind::Invalid,
              fmt::format("{}: {} has no use for it; leave it out, or take one of {}", option,
                          row.name, fmt::join(others, ", ")));
}

Result<void> check_options(const SamplerClass& row, const StepOptions& options) {
  FURROW_TRY_VOID(check_ranges(options));
  const Heeds& heeds = row.heeds;
  const StepOptions neutral;
  if (options.eta.value_or(0) != 0 && !heeds.eta)
    return not_heeded("eta", row, [](const Heeds& other) { return other.eta; });
  const bool churns = options.s_churn != neutral.s_churn || options.s_tmin != neutral.s_tmin ||
                      options.s_tmax != neutral.s_tmax;
  if (churns && !heeds.churn)
    return not_heeded("s_churn", row, [](const Heeds& other) { return other.churn; });
  if (options.s_noise != neutral.s_noise && !heeds.noise)
    return not_heeded("s_noise", row, [](const Heeds& other) { return other.noise; });
  if (options.use_clipped_model_output && !heeds.clipped_model_output)
    return not_heeded("use_clipped_model_output", row,
                      [](const Heeds& other) { return other.clipped_model_output; });
  if (options.solver_order != 0 && heeds.most_order == 0)
    return not_heeded("solver_order", row, [](const Heeds& other) { return other.most_order > 0; });
  if (options.solver_order < 0 || options.solver_order > heeds.most_order)
    return fail(ErrorKind::Invalid, fmt::format("solver_order: {} is not one of {}; 1 to {} are",
                                                options.solver_order, row.name, heeds.most_order));
  return {};
}

Fault fault_of(const SamplerClass& row, const SchedulerConfig& config) {
  if (config.prediction == Prediction::Flow && !config.is_flow)
    return fmt::format("{}: prediction_type flow_prediction needs use_flow_sigmas", row.name);
  if (config.is_flow && !row.knows_flow)
    return fmt::format("{} does not know flow matching", row.name);
  if (row.is_of_timesteps && config.rescale_betas_zero_snr &&
      config.prediction == Prediction::Epsilon)
    return "rescale_betas_zero_snr begins with pure noise, of which prediction_type epsilon says "
           "nothing; v_prediction does";
  return row.fault != nullptr ? row.fault(config) : std::nullopt;
}

}  // namespace

const std::vector<SamplerClass>& sampler_classes() {
  static const std::vector<SamplerClass> all = {
      {"EulerDiscreteScheduler", kContinuous, make_euler, {.churn = true, .noise = true}},
      {"EulerAncestralDiscreteScheduler", kContinuous, make_euler_a, {.eta = true, .noise = true}},
      {"HeunDiscreteScheduler", kContinuous, make_heun, {.churn = true, .noise = true}},
      {"LMSDiscreteScheduler", kContinuous, make_lms, {.most_order = 4}},
      {"KDPM2DiscreteScheduler", kKdpm2Rule, make_dpm2, {.churn = true, .noise = true}},
      {"KDPM2AncestralDiscreteScheduler", kKdpm2Rule, make_dpm2_a, {.eta = true, .noise = true}},
      {"DPMSolverSDEScheduler", kContinuous, make_dpmpp_sde, {.eta = true, .noise = true}},
      {"DDIMScheduler",
       kWholeRule,
       make_ddim,
       {.eta = true, .noise = true, .clipped_model_output = true},
       true,
       false},
      {"DDPMScheduler", kWholeRule, make_ddpm, {.noise = true}, true, false},
      {"PNDMScheduler", kWholeRule, make_pndm, {}, true, false},
      {"LCMScheduler", kLcmRule, make_lcm, {.noise = true}, true, false},
      {"TCDScheduler", kTcdRule, make_tcd, {.eta = true, .noise = true}, true, false},
      {"DPMSolverMultistepScheduler",
       kDpmRule,
       make_dpm_multistep,
       {.noise = true, .most_order = 3},
       false,
       true,
       fault_of_multistep},
      {"DPMSolverSinglestepScheduler",
       kSinglestepRule,
       make_dpm_singlestep,
       {.noise = true, .most_order = 3},
       false,
       true,
       fault_of_singlestep},
      {"DEISMultistepScheduler",
       kDeisRule,
       make_deis,
       {.most_order = 3},
       false,
       true,
       fault_of_deis},
      {"UniPCMultistepScheduler",
       kUniPcRule,
       make_unipc,
       {.most_order = 4},
       false,
       true,
       fault_of_unipc},
      {"FlowMatchEulerDiscreteScheduler", kContinuous, make_flow_euler},
      {"FlowMatchHeunDiscreteScheduler", kContinuous, make_heun, {.churn = true, .noise = true}},
      {"FlowMatchLCMScheduler", kContinuous, make_renoise, {.noise = true}},
  };
  return all;
}

const SamplerClass* find_class(std::string_view name) {
  const auto& all = sampler_classes();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const SamplerClass& row) { return row.name == name; });
  return found == all.end() ? nullptr : &*found;
}

Result<std::unique_ptr<Sampler>> make_sampler(const SchedulerConfig& config,
                                              const ScheduleRequest& request,
                                              const StepOptions& options) {
  const SamplerClass* row = find_class(config.class_name);
  if (row == nullptr)
    return fail(ErrorKind::Invalid, fmt::format("{} is not supported", config.class_name));
  if (auto fault = fault_of(*row, config)) return fail(ErrorKind::Invalid, *std::move(fault));
  FURROW_TRY_VOID(check_options(*row, options));
  SamplerPlan plan{config, trained_noise(config), {}, options};
  FURROW_TRY(plan.schedule, make_schedule(config, plan.trained, row->rule, request));
  return row->make(std::move(plan));
}

}  // namespace furrow::engine::diffusion
