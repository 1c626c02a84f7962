#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "worker/engine/diffusion/sampler_class.h"
#include "worker/engine/diffusion/sigma_curve.h"

namespace furrow::engine::diffusion {
namespace {

struct ScheduleRow {
  std::string_view name;
  SigmaCurve curve;
  std::optional<TimestepSpacing> spacing = std::nullopt;  ///< instead of the model's
};

constexpr std::array kSchedules = {
    ScheduleRow{"normal", SigmaCurve::Spaced},  // see lay_out
    ScheduleRow{"uniform", SigmaCurve::Uniform},
    ScheduleRow{"leading", SigmaCurve::Spaced, TimestepSpacing::Leading},
    ScheduleRow{"trailing", SigmaCurve::Spaced, TimestepSpacing::Trailing},
    ScheduleRow{"sgm_uniform", SigmaCurve::SgmUniform},
    ScheduleRow{"simple", SigmaCurve::Simple},
    ScheduleRow{"ddim_uniform", SigmaCurve::DdimUniform},
    ScheduleRow{"turbo", SigmaCurve::Turbo},
    ScheduleRow{"karras", SigmaCurve::Karras},
    ScheduleRow{"exponential", SigmaCurve::Exponential},
    ScheduleRow{"polyexponential", SigmaCurve::Polyexponential},
    ScheduleRow{"beta", SigmaCurve::Beta},
    ScheduleRow{"lambdas", SigmaCurve::Lu},
    ScheduleRow{"kl_optimal", SigmaCurve::KlOptimal},
    ScheduleRow{"linear_quadratic", SigmaCurve::LinearQuadratic},
    ScheduleRow{"align_your_steps", SigmaCurve::AlignYourSteps},
    ScheduleRow{"align_your_steps_32", SigmaCurve::AlignYourSteps32},
    ScheduleRow{"align_your_steps_gits", SigmaCurve::Gits},
    ScheduleRow{"linear", SigmaCurve::Linear},
    ScheduleRow{"sine", SigmaCurve::Sine},
    ScheduleRow{"smoothstep", SigmaCurve::Smoothstep},
    ScheduleRow{"arcsine", SigmaCurve::Arcsine},
    ScheduleRow{"sigmoid", SigmaCurve::Sigmoid},
    ScheduleRow{"flowmatch", SigmaCurve::Spaced}};

template <typename Rows>
auto find_row(const Rows& rows, std::string_view name) {
  return std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
}

template <typename Rows>
Unexpected unknown_name(std::string_view what, std::string_view name, const Rows& rows) {
  std::vector<std::string_view> known;
  for (const auto& row : rows) known.push_back(row.name);
  return fail(ErrorKind::Invalid, fmt::format("{} \"{}\" is not known to this engine; it has {}",
                                              what, name, fmt::join(known, ", ")));
}

/// The model's own scheduler, whatever it is.
constexpr std::string_view kModelsOwn = "default";

/// The class alone.
void as_it_is(SchedulerConfig&) {}

template <int order>
void of_order(SchedulerConfig& config) {
  config.solver_order = order;
}

template <int order>
void sde_of_order(SchedulerConfig& config) {
  config.algorithm = "sde-dpmsolver++";
  config.solver_order = order;
}

void k_diffusions_3m_sde(SchedulerConfig& config) {
  sde_of_order<3>(config);
  config.expands_sde_exactly = true;
  config.discards_next_to_last_sigma = true;
}

void discarding(SchedulerConfig& config) {
  config.discards_next_to_last_sigma = true;
}

void sde_heun(SchedulerConfig& config) {
  sde_of_order<2>(config);
  config.solver_type = SolverType::Heun;
}

void ending_at_sigma_min(SchedulerConfig& config) {
  config.final_sigma = FinalSigma::SigmaMin;
}

void bh2(SchedulerConfig& config) {
  config.solver_type = SolverType::Bh2;
}

void plms(SchedulerConfig& config) {
  config.skip_prk_steps = true;
}

/// DPM2 and DPM++ 3M SDE discard the last level but one, as A1111 has it; UniPC is sdnext's, of
/// second order with B2(h), where A1111 has third order and B1(h).
std::vector<SamplerRow> all_rows() {
  std::vector<SamplerRow> rows = {
      {"euler", "EulerDiscreteScheduler", as_it_is},
      {"euler_a", "EulerAncestralDiscreteScheduler", as_it_is},
      {"heun", "HeunDiscreteScheduler", as_it_is},
      {"lms", "LMSDiscreteScheduler", as_it_is},
      {"dpm2", "KDPM2DiscreteScheduler", discarding},
      {"dpm2_a", "KDPM2AncestralDiscreteScheduler", discarding},
      {"dpmpp", "DPMSolverMultistepScheduler", of_order<1>},
      {"dpmpp_2m", "DPMSolverMultistepScheduler", of_order<2>},
      {"dpmpp_3m", "DPMSolverMultistepScheduler", of_order<3>},
      {"dpmpp_2s", "DPMSolverSinglestepScheduler", of_order<2>},
      {"dpmpp_sde", "DPMSolverSDEScheduler", as_it_is},
      {"dpmpp_2m_sde", "DPMSolverMultistepScheduler", sde_of_order<2>},
      {"dpmpp_2m_sde_heun", "DPMSolverMultistepScheduler", sde_heun},
      {"dpmpp_3m_sde", "DPMSolverMultistepScheduler", k_diffusions_3m_sde},
      {"deis", "DEISMultistepScheduler", ending_at_sigma_min},
      {"unipc", "UniPCMultistepScheduler", bh2},
      {"sa_solver", "SASolverScheduler", ending_at_sigma_min},
      {"er_sde", "er_sde", of_order<1>},
      {"er_sde_2m", "er_sde", of_order<2>},
      {"er_sde_3m", "er_sde", of_order<3>},
      {"ddim", "DDIMScheduler", as_it_is},
      {"ddpm", "DDPMScheduler", as_it_is},
      {"pndm", "PNDMScheduler", plms},
      {"lcm", "LCMScheduler", as_it_is},
      {"tcd", "TCDScheduler", as_it_is},
  };
  rows.push_back({kModelsOwn, "", as_it_is});
  // The algorithms that have no class in diffusers are samplers under their own names.
  for (const SamplerClass& algorithm : sampler_classes())
    if (!algorithm.name.ends_with("Scheduler") && algorithm.name != "er_sde")
      rows.push_back({algorithm.name, algorithm.name, as_it_is});
  return rows;
}

/// What a model's config says of the model itself.
SchedulerConfig config_of_model(const SchedulerConfig& model) {
  SchedulerConfig config;
  config.num_train_timesteps = model.num_train_timesteps;
  config.beta_start = model.beta_start;
  config.beta_end = model.beta_end;
  config.beta_schedule = model.beta_schedule;
  config.trained_betas = model.trained_betas;
  config.rescale_betas_zero_snr = model.rescale_betas_zero_snr;
  config.prediction = model.prediction;
  config.is_flow = model.is_flow;
  config.flow = model.flow;
  config.is_sdxl = model.is_sdxl;
  config.continuous_timesteps = model.continuous_timesteps && model.prediction == Prediction::V;
  config.spacing = model.spacing;
  config.steps_offset = model.steps_offset;
  config.set_alpha_to_one = model.set_alpha_to_one;
  config.original_inference_steps = model.original_inference_steps;
  config.timestep_scaling = model.timestep_scaling;
  config.algorithm = "dpmsolver++";
  return config;
}

std::optional<std::string> fault_of_pair(std::string_view sampler, const ScheduleRow& schedule,
                                         const SchedulerConfig& config) {
  const SamplerClass* algorithm = find_class(config.class_name);
  if (algorithm == nullptr)
    return fmt::format("sampler \"{}\": the model's own is {}, which furrow does not have", sampler,
                       config.class_name.empty() ? "not named" : config.class_name);
  if (schedule.name == "flowmatch" && !config.is_flow)
    return "schedule \"flowmatch\" is for models of flow matching, and this model is not one; "
           "\"normal\" goes with every model";
  if (schedule.name != "normal" && schedule.name != "flowmatch" &&
      !takes_schedules(algorithm->levels))
    return fmt::format(
        "sampler \"{}\" chooses its own levels of noise, so schedule \"{}\" means "
        "nothing to it; \"normal\" does",
        sampler, schedule.name);
  return std::nullopt;
}

/// The model's own config, or that of a sampler of ours for this model.
SchedulerConfig config_of_row(const SamplerRow& row, const SchedulerConfig& model) {
  if (row.name == kModelsOwn) return model;
  SchedulerConfig config = config_of_model(model);
  const bool is_lcm_of_flow = config.is_flow && row.name == "lcm";
  config.class_name = is_lcm_of_flow ? "FlowMatchLCMScheduler" : row.scheduler_class;
  row.set(config);
  return config;
}

/// What does not go with a model that was trained at any level of noise between two ends, as EDM
/// has it (Karras et al. 2022, table 1): it has no levels to pick from.
std::optional<std::string> fault_of_continuous(std::string_view sampler,
                                               const ScheduleRow& schedule, Levels levels) {
  if (levels != Levels::Any && levels != Levels::Diffusion)
    return fmt::format(
        "sampler \"{}\" steps over trained timesteps, and the model is one of EDM, which has none; "
        "euler and dpmpp_2m go with it",
        sampler);
  if (schedule.name == "normal" || (has_ends(schedule.curve) && !is_fitted(schedule.curve)))
    return std::nullopt;
  return fmt::format(
      "schedule \"{}\" picks from trained timesteps, and the model is one of EDM, which has none; "
      "karras and exponential go with it",
      schedule.name);
}

/// Evenly in log sigma, which is what such a model is told; between the ends of its training.
void lay_out_continuous(const ScheduleRow& schedule, const SchedulerConfig& model,
                        SchedulerConfig& config) {
  config.curve = schedule.name == "normal" ? SigmaCurve::Exponential : schedule.curve;
  config.spacing = TimestepSpacing::Linspace;
  config.sigma_min = model.sigma_min;
  config.sigma_max = model.sigma_max;
}

/// The levels of a sampler of ours. Samplers of whole timesteps keep to the spacing that the
/// model's config has. All others begin at the noisiest timestep whatever it says, as k-diffusion,
/// A1111 and sdnext have it: evenly down to the cleanest one, or, where the class drops that, to
/// the one before.
void lay_out(const ScheduleRow& schedule, const SamplerClass& algorithm, SchedulerConfig& config) {
  config.curve = schedule.curve;
  const bool keeps_spacing = config.is_flow || is_of_timesteps(algorithm.levels);
  config.spacing =
      schedule.spacing.value_or(keeps_spacing ? config.spacing : TimestepSpacing::Linspace);
  const bool is_normal = schedule.curve == SigmaCurve::Spaced && !schedule.spacing;
  if (is_normal && !keeps_spacing && !algorithm.rule.spacing.drops_last)
    config.curve = SigmaCurve::Uniform;
}

}  // namespace

const std::vector<SamplerRow>& sampler_rows() {
  static const std::vector<SamplerRow> rows = all_rows();
  return rows;
}

Result<SchedulerConfig> config_of(std::string_view name, std::string_view schedule,
                                  const SchedulerConfig& model) {
  const auto row = find_row(sampler_rows(), name);
  if (row == sampler_rows().end()) return unknown_name("sampler", name, sampler_rows());
  const auto curve = find_row(kSchedules, schedule);
  if (curve == kSchedules.end()) return unknown_name("schedule", schedule, kSchedules);
  SchedulerConfig config = config_of_row(*row, model);
  if (auto fault = fault_of_pair(name, *curve, config))
    return fail(ErrorKind::Invalid, *std::move(fault));
  if (name == kModelsOwn) {
    // The normal schedule of a model's own scheduler is that scheduler's, curve and all.
    if (schedule != "normal") config.curve = curve->curve;
    config.spacing = curve->spacing.value_or(config.spacing);
    return config;
  }
  const SamplerClass& algorithm = *find_class(config.class_name);
  if (config.continuous_timesteps) {
    if (auto fault = fault_of_continuous(name, *curve, algorithm.levels))
      return fail(ErrorKind::Invalid, *std::move(fault));
    lay_out_continuous(*curve, model, config);
  } else {
    lay_out(*curve, algorithm, config);
  }
  if (!has_ends(config.curve) || config.is_flow) return config;
  const TrainedNoise trained = trained_noise(config);
  config.sigma_min = config.sigma_min.value_or(trained.sigmas.front());
  config.sigma_max = config.sigma_max.value_or(trained.sigmas.back());
  return config;
}

}  // namespace furrow::engine::diffusion
