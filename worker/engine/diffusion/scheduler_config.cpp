#include "worker/engine/diffusion/scheduler_config.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace furrow::engine::diffusion {
namespace {

using nlohmann::json;

template <typename Value>
using Names = std::initializer_list<std::pair<std::string_view, Value>>;

/// Takes values out of one JSON object and remembers the first fault.
class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}

  /// The value of `key`, or nothing when it is absent or null.
  const json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  void read(const char* key, bool& value) {
    if (const json* found = find(key)) {
      if (!found->is_boolean()) return complain(key, *found, "true or false is expected");
      value = found->get<bool>();
    }
  }

  void read(const char* key, int& value) {
    if (const json* found = find(key)) {
      if (!found->is_number_integer()) return complain(key, *found, "a whole number is expected");
      value = found->get<int>();
    }
  }

  void read(const char* key, double& value) {
    const json* found = find(key);
    if (found == nullptr) return;
    if (found->is_number()) {
      value = found->get<double>();
    } else if (*found == "inf" || *found == "-inf") {
      const double infinity = std::numeric_limits<double>::infinity();
      value = *found == "inf" ? infinity : -infinity;
    } else {
      complain(key, *found, "a number is expected");
    }
  }

  void read(const char* key, std::optional<double>& value) {
    if (find(key) == nullptr) return;
    double number = 0;
    read(key, number);
    value = number;
  }

  void read(const char* key, std::vector<double>& values) {
    const json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_array()) return complain(key, *found, "a list of numbers is expected");
    values.clear();
    for (const json& element : *found) {
      if (!element.is_number()) return complain(key, element, "a list of numbers is expected");
      values.push_back(element.get<double>());
    }
  }

  template <typename Value>
  void read(const char* key, Value& value, Names<Value> names) {
    const json* found = find(key);
    if (found == nullptr) return;
    std::string known;
    for (const auto& [name, meaning] : names) {
      if (*found == name) {
        value = meaning;
        return;
      }
      known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
    }
    complain(key, *found, "known are " + known);
  }

  bool is_true(const char* key) const {
    const json* found = find(key);
    return found != nullptr && *found == true;
  }

  void complain(const char* key, const json& value, std::string_view why) {
    if (fault_) return;
    fault_ = fmt::format("the scheduler's config has {} = {}; {}", key, value.dump(), why);
  }

  const std::optional<std::string>& fault() const { return fault_; }

 private:
  const json& object_;
  std::optional<std::string> fault_;
};

/// Where classes differ in what an absent key means.
void apply_class_defaults(SchedulerConfig& config) {
  const std::string& name = config.class_name;
  const auto is_one_of = [&](auto... names) { return ((name == names) || ...); };
  if (is_one_of("HeunDiscreteScheduler", "KDPM2DiscreteScheduler",
                "KDPM2AncestralDiscreteScheduler", "LCMScheduler", "TCDScheduler")) {
    config.beta_start = 0.00085;
    config.beta_end = 0.012;
  }
  if (is_one_of("LCMScheduler", "TCDScheduler")) config.beta_schedule = BetaSchedule::ScaledLinear;
  if (is_one_of("DDIMScheduler", "DDPMScheduler", "PNDMScheduler", "LCMScheduler", "TCDScheduler"))
    config.spacing = TimestepSpacing::Leading;
  config.clip_sample = is_one_of("DDIMScheduler", "DDPMScheduler");
  config.set_alpha_to_one = name != "PNDMScheduler";
  if (name == "DPMSolverMultistepScheduler") config.algorithm = "dpmsolver++";
}

void read_curve(Reader& reader, SchedulerConfig& config) {
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
    if (!reader.is_true(flag.key)) continue;
    config.curve = flag.curve;
    return;
  }
}

/// What no sampler here can follow.
void refuse_unsupported(Reader& reader) {
  for (const char* key : {"use_flow_sigmas", "use_dynamic_shifting"}) {
    if (reader.is_true(key)) reader.complain(key, true, "flow matching is not supported");
  }
  if (const json* variance = reader.find("variance_type");
      variance != nullptr && (*variance == "learned" || *variance == "learned_range"))
    reader.complain("variance_type", *variance, "learned variances are not supported");
}

}  // namespace

Result<SchedulerConfig> parse_scheduler_config(const nlohmann::json& object) {
  if (!object.is_object())
    return fail(ErrorKind::Invalid, "the scheduler's config is not a JSON object");
  Reader reader(object);
  SchedulerConfig config;
  if (const json* name = reader.find("_class_name"); name != nullptr && name->is_string())
    config.class_name = name->get<std::string>();
  apply_class_defaults(config);

  reader.read("num_train_timesteps", config.num_train_timesteps);
  reader.read("beta_start", config.beta_start);
  reader.read("beta_end", config.beta_end);
  reader.read("beta_schedule", config.beta_schedule,
              {{"linear", BetaSchedule::Linear},
               {"scaled_linear", BetaSchedule::ScaledLinear},
               {"squaredcos_cap_v2", BetaSchedule::SquaredCosine},
               {"exp", BetaSchedule::Exponential}});
  reader.read("trained_betas", config.trained_betas);
  reader.read("rescale_betas_zero_snr", config.rescale_betas_zero_snr);
  reader.read("prediction_type", config.prediction,
              {{"epsilon", Prediction::Epsilon},
               {"v_prediction", Prediction::V},
               {"sample", Prediction::Sample},
               {"original_sample", Prediction::Sample}});

  reader.read("timestep_spacing", config.spacing,
              {{"linspace", TimestepSpacing::Linspace},
               {"leading", TimestepSpacing::Leading},
               {"trailing", TimestepSpacing::Trailing}});
  reader.read("steps_offset", config.steps_offset);
  read_curve(reader, config);
  reader.read("sigma_min", config.sigma_min);
  reader.read("sigma_max", config.sigma_max);
  reader.read("final_sigmas_type", config.final_sigma,
              {{"zero", FinalSigma::Zero}, {"sigma_min", FinalSigma::SigmaMin}});
  reader.read("lambda_min_clipped", config.lambda_min_clipped);
  reader.read("timestep_type", config.continuous_timesteps,
              {{"discrete", false}, {"continuous", true}});

  if (const json* algorithm = reader.find("algorithm_type");
      algorithm != nullptr && algorithm->is_string())
    config.algorithm = algorithm->get<std::string>();
  reader.read("solver_order", config.solver_order);
  if (config.class_name == "DPMSolverMultistepScheduler")
    reader.read("solver_type", config.solver_type,
                {{"midpoint", SolverType::Midpoint}, {"heun", SolverType::Heun}});
  reader.read("lower_order_final", config.lower_order_final);
  reader.read("euler_at_final", config.euler_at_final);
  reader.read("set_alpha_to_one", config.set_alpha_to_one);

  reader.read("clip_sample", config.clip_sample);
  reader.read("clip_sample_range", config.clip_sample_range);
  reader.read("thresholding", config.thresholding);
  reader.read("dynamic_thresholding_ratio", config.dynamic_thresholding_ratio);
  reader.read("sample_max_value", config.sample_max_value);
  refuse_unsupported(reader);

  if (!reader.fault() && config.num_train_timesteps < 1)
    reader.complain("num_train_timesteps", config.num_train_timesteps, "at least 1 is expected");
  if (reader.fault()) return fail(ErrorKind::Invalid, *reader.fault());
  return config;
}

}  // namespace furrow::engine::diffusion
