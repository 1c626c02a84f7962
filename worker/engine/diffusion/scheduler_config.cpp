#include "worker/engine/diffusion/scheduler_config.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "worker/engine/diffusion/config_reader.h"

namespace furrow::engine::diffusion {
namespace {

/// More would only be a slip: models have 1000.
constexpr int kMostTrainTimesteps = 100'000;

/// Classes that are others under a second name. EDM's have keys of their own, see read_edm.
std::string canonical_class(const std::string& name) {
  if (name == "EDMEulerScheduler") return "EulerDiscreteScheduler";
  if (name == "EDMDPMSolverMultistepScheduler") return "DPMSolverMultistepScheduler";
  if (name == "DDIMParallelScheduler") return "DDIMScheduler";
  if (name == "DDPMParallelScheduler") return "DDPMScheduler";
  return name;
}

/// Where classes differ in what an absent key means.
void apply_class_defaults(SchedulerConfig& config) {
  const std::string& name = config.class_name;
  const auto is_one_of = [&](auto... names) { return ((name == names) || ...); };
  if (is_one_of("HeunDiscreteScheduler", "KDPM2DiscreteScheduler",
                "KDPM2AncestralDiscreteScheduler", "DPMSolverSDEScheduler", "LCMScheduler",
                "TCDScheduler")) {
    config.beta_start = 0.00085;
    config.beta_end = 0.012;
  }
  if (is_one_of("LCMScheduler", "TCDScheduler")) config.beta_schedule = BetaSchedule::ScaledLinear;
  if (is_one_of("DDIMScheduler", "DDPMScheduler", "PNDMScheduler", "LCMScheduler", "TCDScheduler"))
    config.spacing = TimestepSpacing::Leading;
  config.clip_sample = is_one_of("DDIMScheduler", "DDPMScheduler");
  config.set_alpha_to_one = name != "PNDMScheduler";
  if (name == "DPMSolverSinglestepScheduler") config.lower_order_final = false;
  if (is_one_of("DEISMultistepScheduler", "SASolverScheduler"))
    config.final_sigma = FinalSigma::SigmaMin;
  if (name == "UniPCMultistepScheduler") config.solver_type = SolverType::Bh2;
  if (name.starts_with("DPMSolver") && name != "DPMSolverSDEScheduler")
    config.algorithm = "dpmsolver++";
  if (name.starts_with("FlowMatch")) {
    config.is_flow = true;
    config.prediction = Prediction::Flow;
  }
}

// A file may carry the flags of the class that it was converted from: only some classes look.
bool knows_curves(const std::string& class_name) {
  constexpr std::array kWithout = {"DDIMScheduler", "DDPMScheduler",
                                   "PNDMScheduler", "LCMScheduler",
                                   "TCDScheduler",  "EulerAncestralDiscreteScheduler"};
  return std::find(kWithout.begin(), kWithout.end(), class_name) == kWithout.end();
}

bool knows_flow_sigmas(const std::string& class_name) {
  constexpr std::array kWith = {"DEISMultistepScheduler", "DPMSolverMultistepScheduler",
                                "DPMSolverSinglestepScheduler", "SASolverScheduler",
                                "UniPCMultistepScheduler"};
  return std::find(kWith.begin(), kWith.end(), class_name) != kWith.end();
}

void read_trained_noise(ConfigReader& reader, SchedulerConfig& config) {
  reader.read("num_train_timesteps", config.num_train_timesteps);
  reader.read("beta_start", config.beta_start);
  reader.read("beta_end", config.beta_end);
  reader.read("beta_schedule", config.beta_schedule,
              {{"linear", BetaSchedule::Linear},
               {"scaled_linear", BetaSchedule::ScaledLinear},
               {"squaredcos_cap_v2", BetaSchedule::SquaredCosine},
               {"exp", BetaSchedule::Exponential},
               {"laplace", BetaSchedule::Laplace},
               {"sigmoid", BetaSchedule::Sigmoid}});
  reader.read("trained_betas", config.trained_betas);
  reader.read("rescale_betas_zero_snr", config.rescale_betas_zero_snr);
  reader.read("prediction_type", config.prediction,
              {{"epsilon", Prediction::Epsilon},
               {"v_prediction", Prediction::V},
               {"sample", Prediction::Sample},
               {"original_sample", Prediction::Sample},
               {"flow_prediction", Prediction::Flow}});
}

void read_curve(ConfigReader& reader, SchedulerConfig& config) {
  struct Flag {
    const char* key;
    SigmaCurve curve;
  };

  constexpr std::array kFlags = {Flag{"use_karras_sigmas", SigmaCurve::Karras},
                                 Flag{"use_lu_lambdas", SigmaCurve::Lu},
                                 Flag{"use_exponential_sigmas", SigmaCurve::Exponential},
                                 Flag{"use_beta_sigmas", SigmaCurve::Beta}};
  reader.read("interpolation_type", config.curve,
              {{"linear", SigmaCurve::Spaced}, {"log_linear", SigmaCurve::LogLinear}});
  for (const Flag& flag : kFlags) {
    if (!reader.is_true(flag.key) || !knows_curves(config.class_name)) continue;
    config.curve = flag.curve;
    return;
  }
}

void read_flow(ConfigReader& reader, SchedulerConfig& config) {
  if (knows_flow_sigmas(config.class_name)) reader.read("use_flow_sigmas", config.is_flow);
  FlowShift& flow = config.flow;
  reader.read("shift", flow.shift);
  reader.read("flow_shift", flow.shift);
  reader.read("use_dynamic_shifting", flow.is_dynamic);
  reader.read("time_shift_type", flow.kind,
              {{"exponential", TimeShift::Exponential}, {"linear", TimeShift::Linear}});
  reader.read("base_shift", flow.base_shift);
  reader.read("max_shift", flow.max_shift);
  reader.read("base_image_seq_len", flow.base_image_seq_len);
  reader.read("max_image_seq_len", flow.max_image_seq_len);
  reader.read("shift_terminal", flow.terminal);
  reader.read("invert_sigmas", flow.is_inverted);
  if (flow.terminal == 0.0) flow.terminal.reset();  // as in Python, 0 is as good as nothing
}

void read_levels(ConfigReader& reader, SchedulerConfig& config) {
  reader.read("timestep_spacing", config.spacing,
              {{"linspace", TimestepSpacing::Linspace},
               {"leading", TimestepSpacing::Leading},
               {"trailing", TimestepSpacing::Trailing}});
  reader.read("steps_offset", config.steps_offset);
  read_curve(reader, config);
  reader.read("sigma_min", config.sigma_min);
  reader.read("sigma_max", config.sigma_max);
  if (config.class_name != "DEISMultistepScheduler" && config.class_name != "SASolverScheduler")
    reader.read("final_sigmas_type", config.final_sigma,
                {{"zero", FinalSigma::Zero}, {"sigma_min", FinalSigma::SigmaMin}});
  reader.read("lambda_min_clipped", config.lambda_min_clipped);
  reader.read("timestep_type", config.continuous_timesteps,
              {{"discrete", false}, {"continuous", true}});
  reader.read("original_inference_steps", config.original_inference_steps);
}

/// EDM's classes, for networks under the preconditioning of Karras et al. 2022 (table 1), told
/// log(sigma) / 4. With sigma_data 1 and v_prediction (CosXL's "EDM-v") that is what v_prediction
/// means anyway.
void read_edm(ConfigReader& reader, SchedulerConfig& config) {
  double sigma_data = 0.5;
  config.sigma_min = 0.002;
  config.sigma_max = 80;
  config.curve = SigmaCurve::Karras;
  reader.read("sigma_data", sigma_data);
  reader.read("sigma_min", config.sigma_min);
  reader.read("sigma_max", config.sigma_max);
  reader.read("rho", config.rho);
  reader.read("sigma_schedule", config.curve,
              {{"karras", SigmaCurve::Karras}, {"exponential", SigmaCurve::Exponential}});
  config.continuous_timesteps = true;
  // These classes scale the first noise as others do with this spacing; a curve has no other use
  // for it.
  config.spacing = TimestepSpacing::Leading;
  if (sigma_data != 1)
    reader.complain("sigma_data", sigma_data, "of EDM's models those with 1 are supported");
  if (config.prediction != Prediction::V)
    reader.complain("prediction_type",
                    reader.find("prediction_type") != nullptr ? *reader.find("prediction_type")
                                                              : nlohmann::json("epsilon"),
                    "of EDM's models those of v_prediction are supported");
  if (!(*config.sigma_min > 0 && *config.sigma_min < *config.sigma_max))
    reader.complain("sigma_min", *config.sigma_min, "a number between 0 and sigma_max is expected");
}

/// The variants of one solver that a file converted from another solver's carries are taken for
/// the solver's own first choice, as the reference does.
void read_solver(ConfigReader& reader, SchedulerConfig& config) {
  const bool is_dpm = !config.algorithm.empty();
  if (const auto* algorithm = reader.find("algorithm_type");
      algorithm != nullptr && algorithm->is_string() && *algorithm != "deis" && is_dpm)
    config.algorithm = algorithm->get<std::string>();
  const auto own = config.solver_type;
  reader.read("solver_type", config.solver_type,
              {{"midpoint", is_dpm ? SolverType::Midpoint : own},
               {"heun", is_dpm ? SolverType::Heun : own},
               {"bh1", is_dpm ? own : SolverType::Bh1},
               {"bh2", is_dpm ? own : SolverType::Bh2},
               {"logrho", own}});
  reader.read("solver_order", config.solver_order);
  reader.read("predictor_order", config.solver_order);
  reader.read("corrector_order", config.corrector_order);
  if (const auto* algorithm = reader.find("algorithm_type");
      algorithm != nullptr && *algorithm == "noise_prediction")
    reader.complain("algorithm_type", *algorithm, "data_prediction is supported");
  reader.read("lower_order_final", config.lower_order_final);
  reader.read("euler_at_final", config.euler_at_final);
  reader.read("predict_x0", config.predict_x0);
  reader.read("disable_corrector", config.disable_corrector);
  if (const auto* solver_p = reader.find("solver_p"))
    reader.complain("solver_p", solver_p->is_object() ? "{...}" : solver_p->dump(),
                    "a predictor of its own is not supported");
}

void read_step(ConfigReader& reader, SchedulerConfig& config) {
  read_solver(reader, config);
  reader.read("set_alpha_to_one", config.set_alpha_to_one);
  reader.read("skip_prk_steps", config.skip_prk_steps);
  reader.read("timestep_scaling", config.timestep_scaling);
  reader.read("stochastic_sampling", config.stochastic_sampling);
  // The _log kinds only say how the same variance was computed.
  if (const auto* variance = reader.find("variance_type");
      variance != nullptr && (*variance == "learned" || *variance == "learned_range")) {
    reader.complain("variance_type", *variance, "learned variances are not supported");
  } else {
    reader.read("variance_type", config.variance,
                {{"fixed_small", Variance::FixedSmall},
                 {"fixed_small_log", Variance::FixedSmall},
                 {"fixed_large", Variance::FixedLarge},
                 {"fixed_large_log", Variance::FixedLarge}});
  }
}

void read_bounds(ConfigReader& reader, SchedulerConfig& config) {
  reader.read("clip_sample", config.clip_sample);
  reader.read("clip_sample_range", config.clip_sample_range);
  reader.read("thresholding", config.thresholding);
  reader.read("dynamic_thresholding_ratio", config.dynamic_thresholding_ratio);
  reader.read("sample_max_value", config.sample_max_value);
}

/// Numbers that would lead out of the model's timesteps or to no noise at all.
void check_ranges(ConfigReader& reader, const SchedulerConfig& config) {
  const int count = config.num_train_timesteps;
  if (count < 1 || count > kMostTrainTimesteps)
    reader.complain("num_train_timesteps", count,
                    fmt::format("1 to {} are expected", kMostTrainTimesteps));
  const auto is_beta = [](double beta) { return beta >= 0 && beta < 1; };
  if (!is_beta(config.beta_start))
    reader.complain("beta_start", config.beta_start, "0 to 1 is expected");
  if (!is_beta(config.beta_end)) reader.complain("beta_end", config.beta_end, "0 to 1 is expected");
  if (!std::all_of(config.trained_betas.begin(), config.trained_betas.end(), is_beta))
    reader.complain("trained_betas", "[...]", "0 to 1 is expected of each");
  if (!config.trained_betas.empty() &&
      config.trained_betas.size() != static_cast<std::size_t>(count))
    reader.complain("trained_betas", fmt::format("[{} numbers]", config.trained_betas.size()),
                    fmt::format("one for each of the {} timesteps is expected", count));
  if (config.steps_offset < 0 || config.steps_offset >= count)
    reader.complain("steps_offset", config.steps_offset,
                    fmt::format("0 to {} is expected", count - 1));
  const FlowShift& flow = config.flow;
  if (!(flow.shift > 0)) reader.complain("shift", flow.shift, "more than 0 is expected");
  if (flow.max_image_seq_len <= flow.base_image_seq_len)
    reader.complain(
        "max_image_seq_len", flow.max_image_seq_len,
        fmt::format("more than base_image_seq_len, {}, is expected", flow.base_image_seq_len));
  if (flow.terminal && !(*flow.terminal > 0 && *flow.terminal < 1))
    reader.complain("shift_terminal", *flow.terminal, "0 to 1 is expected");
  const double ratio = config.dynamic_thresholding_ratio;
  if (!(ratio >= 0 && ratio <= 1))
    reader.complain("dynamic_thresholding_ratio", ratio, "0 to 1 is expected");
}

}  // namespace

Result<SchedulerConfig> parse_scheduler_config(const nlohmann::json& object) {
  if (!object.is_object())
    return fail(ErrorKind::Invalid, "the scheduler's config is not a JSON object");
  ConfigReader reader(object);
  SchedulerConfig config;
  if (const auto* name = reader.find("_class_name"); name != nullptr && name->is_string())
    config.class_name = canonical_class(name->get<std::string>());
  apply_class_defaults(config);
  read_trained_noise(reader, config);
  read_flow(reader, config);
  read_levels(reader, config);
  read_step(reader, config);
  read_bounds(reader, config);
  if (const auto* name = reader.find("_class_name");
      name != nullptr && name->is_string() && name->get<std::string>().starts_with("EDM"))
    read_edm(reader, config);
  check_ranges(reader, config);
  if (reader.fault()) return fail(ErrorKind::Invalid, *reader.fault());
  return config;
}

}  // namespace furrow::engine::diffusion
