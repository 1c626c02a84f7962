#include "tests/golden_runner/families/sampler_settings.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/golden_runner/or_throw.h"
#include "worker/engine/weights/tensors.h"

namespace furrow::golden {

namespace diffusion = engine::diffusion;

Result<std::unique_ptr<diffusion::Sampler>> sampler_of(const nlohmann::json& config,
                                                       const nlohmann::json& settings) {
  FURROW_TRY(const auto scheduler, diffusion::parse_scheduler_config(config));
  diffusion::ScheduleRequest request;
  diffusion::StepOptions options;
  for (const auto& [key, value] : settings.items()) {
    if (value.is_null()) continue;
    if (key == "num_inference_steps") {
      request.steps = value.get<int>();
    } else if (key == "timesteps") {
      request.timesteps = value.get<std::vector<double>>();
    } else if (key == "sigmas") {
      request.sigmas = value.get<std::vector<double>>();
    } else if (key == "mu") {
      request.mu = value.get<double>();
    } else if (key == "original_inference_steps") {
      request.original_steps = value.get<int>();
    } else if (key == "order") {
      options.solver_order = value.get<int>();
    } else if (key == "eta") {
      options.eta = value.get<double>();
    } else if (key == "use_clipped_model_output") {
      options.use_clipped_model_output = value.get<bool>();
    } else if (key == "s_churn") {
      options.s_churn = value.get<double>();
    } else if (key == "s_tmin") {
      options.s_tmin = value.get<double>();
    } else if (key == "s_tmax") {
      options.s_tmax = value.get<double>();
    } else if (key == "s_noise") {
      options.s_noise = value.get<double>();
    } else {
      return fail(ErrorKind::Invalid, fmt::format("{} is not supported", key));
    }
  }
  return diffusion::make_sampler(scheduler, request, options);
}

std::map<std::string, at::Tensor> read_tensors(const std::filesystem::path& file) {
  const auto opened = or_throw(engine::weights::SafetensorsFile::open(file));
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, stored] : opened.tensors())
    tensors[name] = or_throw(engine::weights::copy_tensor(stored));
  return tensors;
}

}  // namespace furrow::golden
