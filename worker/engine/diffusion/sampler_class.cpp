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

Fault fault_of_sa_solver(const SchedulerConfig& config) {
  if (config.corrector_order < 1 || config.corrector_order > 4)
    return fmt::format("{} of corrector_order {} is not supported; 1 to 4 are", config.class_name,
                       config.corrector_order);
  return fault_of_order(config, 4);
}

Fault fault_of_pndm(const SchedulerConfig& config) {
  if (!config.rescale_betas_zero_snr) return std::nullopt;
  return "PNDMScheduler cannot begin with pure noise, as rescale_betas_zero_snr has it; "
         "DDIMScheduler can";
}

std::unique_ptr<Sampler> make_flow_euler(SamplerPlan plan) {
  return plan.config.stochastic_sampling ? make_renoise(std::move(plan))
                                         : make_euler(std::move(plan));
}

Fault fault_of(const SamplerClass& row, const SchedulerConfig& config) {
  if (config.prediction == Prediction::Flow && !config.is_flow)
    return fmt::format("{}: prediction_type flow_prediction needs use_flow_sigmas", row.name);
  const bool knows_flow = row.levels == Levels::Any || row.levels == Levels::Flow;
  if (config.is_flow && !knows_flow)
    return fmt::format(
        "{} steps over the noise of diffusion, and the model is one of flow matching", row.name);
  if (!config.is_flow && row.levels == Levels::Flow)
    return fmt::format("{} is for models of flow matching only", row.name);
  if (is_of_timesteps(row.levels) && config.rescale_betas_zero_snr &&
      config.prediction == Prediction::Epsilon)
    return "rescale_betas_zero_snr begins with pure noise, of which prediction_type epsilon says "
           "nothing; v_prediction does";
  return row.fault != nullptr ? row.fault(config) : std::nullopt;
}

std::vector<SamplerClass> diffusers_classes() {
  constexpr Heeds kChurn = {.churn = true, .noise = true};
  constexpr Heeds kEta = {.eta = true, .noise = true};
  constexpr Heeds kNoise = {.noise = true};
  constexpr Heeds kDpm = {.eta_of_sde = true, .noise = true, .most_order = 3};
  constexpr Heeds kDdim = {.eta = true, .noise = true, .clipped_model_output = true};
  return {
      {"EulerDiscreteScheduler", kContinuous, make_euler, kChurn},
      {"EulerAncestralDiscreteScheduler", kContinuous, make_euler_a, kEta},
      {"HeunDiscreteScheduler", kContinuous, make_heun, kChurn},
      {"LMSDiscreteScheduler", kContinuous, make_lms, {.most_order = 4}},
      {"KDPM2DiscreteScheduler", kKdpm2Rule, make_dpm2, kChurn},
      {"KDPM2AncestralDiscreteScheduler", kKdpm2Rule, make_dpm2_a, kEta},
      {"DPMSolverSDEScheduler", kContinuous, make_dpmpp_sde, kEta},
      {"DPMSolverMultistepScheduler", kDpmRule, make_dpm_multistep, kDpm, Levels::Any,
       fault_of_multistep},
      {"DPMSolverSinglestepScheduler", kSinglestepRule, make_dpm_singlestep, kDpm, Levels::Any,
       fault_of_singlestep},
      {"DEISMultistepScheduler",
       kDeisRule,
       make_deis,
       {.most_order = 3},
       Levels::Any,
       fault_of_deis},
      {"UniPCMultistepScheduler",
       kUniPcRule,
       make_unipc,
       {.most_order = 4},
       Levels::Any,
       fault_of_unipc},
      {"SASolverScheduler",
       kDeisRule,
       make_sa_solver,
       {.eta = true, .noise = true, .most_order = 4},
       Levels::Any,
       fault_of_sa_solver},
      {"DDIMScheduler", kWholeRule, make_ddim, kDdim, Levels::Timesteps},
      {"DDPMScheduler", kWholeRule, make_ddpm, kNoise, Levels::Timesteps},
      {"PNDMScheduler", kWholeRule, make_pndm, {}, Levels::OwnTimesteps, fault_of_pndm},
      {"LCMScheduler", kLcmRule, make_lcm, kNoise, Levels::OwnTimesteps},
      {"TCDScheduler", kTcdRule, make_tcd, kEta, Levels::OwnTimesteps},
      {"FlowMatchEulerDiscreteScheduler", kContinuous, make_flow_euler, {}, Levels::Flow},
      {"FlowMatchHeunDiscreteScheduler", kContinuous, make_heun, kChurn, Levels::Flow},
      {"FlowMatchLCMScheduler", kContinuous, make_renoise, kNoise, Levels::Flow},
  };
}

std::vector<SamplerClass> own_classes() {
  constexpr Heeds kChurn = {.churn = true, .noise = true};
  constexpr Heeds kEta = {.eta = true, .noise = true};
  std::vector<SamplerClass> classes = {
      {"heunpp2", kContinuous, make_heunpp2, kChurn},
      {"restart", kContinuous, make_restart, {.noise = true}},
      {"ipndm", kContinuous, make_ipndm, {.most_order = 4}},
      {"ipndm_v", kContinuous, make_ipndm_v, {.most_order = 4}},
      {"dpm_fast", kContinuous, make_dpm_fast, kEta, Levels::Own},
      {"dpm_adaptive", kContinuous, make_dpm_adaptive, kEta, Levels::Own},
      {"er_sde", kContinuous, make_er_sde, {.noise = true, .most_order = 3}},
      {.name = "ddim_cfgpp",
       .rule = kWholeRule,
       .make = make_ddim_cfgpp,
       .levels = Levels::Timesteps,
       .needs_negative = true},
      {"bdia_ddim", kWholeRule, make_bdia_ddim, {}, Levels::Timesteps},
      {"ufogen", kWholeRule, make_ufogen, {.noise = true}, Levels::Timesteps},
  };
  for (const char* name :
       {"dpmpp_2s_a", "res_2s", "res_3s", "res_2s_sde", "res_3s_sde", "etdrk_2s", "etdrk_3s_a",
        "etdrk_3s_b", "etdrk_4s_a", "etdrk_4s_b", "lawson_2s_a", "lawson_2s_b", "lawson_4s"})
    classes.push_back({name, kContinuous, make_exponential_rk, kEta});
  for (const char* name : {"res_2m", "res_3m", "abnorsett_4m", "pec_423", "pec_433"})
    classes.push_back({name, kContinuous, make_exponential_multistep});
  for (const char* name : {"ralston", "rk3", "rk4", "rk5", "rk6", "ssprk3", "ssprk4"})
    classes.push_back({name, kContinuous, make_runge_kutta});
  for (const char* name :
       {"gauss_legendre_2s", "gauss_legendre_3s", "gauss_legendre_4s", "radau_iia_2", "radau_iia_3",
        "radau_iia_4", "lobatto_2", "lobatto_3", "lobatto_4"})
    classes.push_back({name, kContinuous, make_collocation});
  return classes;
}

}  // namespace

bool takes_schedules(Levels levels) {
  return levels != Levels::Own && levels != Levels::OwnTimesteps;
}

bool is_of_timesteps(Levels levels) {
  return levels == Levels::Timesteps || levels == Levels::OwnTimesteps;
}

bool needs_negative(std::string_view name) {
  const SamplerClass* algorithm = find_class(name);
  return algorithm != nullptr && algorithm->needs_negative;
}

const std::vector<SamplerClass>& sampler_classes() {
  static const std::vector<SamplerClass> all = [] {
    std::vector<SamplerClass> classes = diffusers_classes();
    const auto own = own_classes();
    classes.insert(classes.end(), own.begin(), own.end());
    return classes;
  }();
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
  FURROW_TRY_VOID(check_options(*row, config, options));
  SamplerPlan plan{config, trained_noise(config), {}, options};
  FURROW_TRY(plan.schedule, make_schedule(config, plan.trained, row->rule, request));
  return row->make(std::move(plan));
}

}  // namespace furrow::engine::diffusion
