// schedulers: our samplers, step for step, on a model that is a formula.

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/sampler_settings.h"
#include "worker/engine/diffusion/sampler.h"

namespace furrow::golden {

namespace {

using engine::diffusion::Sampler;

constexpr Tolerance kSigmas = {.atol = 1e-6, .rtol = 2e-5};
constexpr Tolerance kNoised = {.atol = 1e-5, .rtol = 2e-5};
constexpr Tolerance kExact = {};
constexpr Tolerance kTimesteps = {.atol = 1e-3, .rtol = 0};

/// One case with its sampler and the inputs that all cases share.
struct Run {
  const Case& c;
  Verdict& verdict;
  Sampler& sampler;
  at::Tensor noise;
  at::Tensor original;
};

/// What stands for the network: tanh(0.7 x) + 0.1 cos(t / 100), all in float32.
at::Tensor model(const at::Tensor& x, double timestep) {
  const at::Tensor t = at::scalar_tensor(timestep, at::kFloat);
  return (x * 0.7).tanh() + (t / 100).cos() * 0.1;
}

/// Recorded draws, row k for call calls[k].
class RecordedNoise {
 public:
  RecordedNoise(const Case& c, const std::string& tensor, const nlohmann::json& calls) {
    if (!c.has(tensor)) return;
    const at::Tensor rows = c.tensor(tensor);
    for (std::size_t k = 0; k < calls.size(); ++k)
      of_call_[calls[k].get<int>()] = rows[static_cast<std::int64_t>(k)];
  }

  /// Hands out the draw of `call`; a draw the reference does not make is a fault.
  engine::diffusion::DrawNoise at_call(int call, Verdict& verdict, const at::Tensor& like) {
    return [this, call, &verdict, like] {
      const auto found = of_call_.find(call);
      verdict.expect(found != of_call_.end(), fmt::format("noise is drawn in call {}", call));
      if (found == of_call_.end()) return at::zeros_like(like);
      const at::Tensor noise = found->second;
      of_call_.erase(found);
      return noise;
    };
  }

  void expect_used(Verdict& verdict) const {
    verdict.expect(of_call_.empty(), fmt::format("{} draws are not made", of_call_.size()));
  }

 private:
  std::map<int, at::Tensor> of_call_;
};

at::Tensor floats(const std::vector<double>& values) {
  return at::tensor(values, at::TensorOptions(at::kDouble));
}

Tolerance timestep_tolerance(const Case& c) {
  return c.description.value("timesteps_are_exact", false) ? kExact : kTimesteps;
}

/// Two calls a step, the second in its middle; one in the last step.
bool is_kdpm2(const Run& run) {
  return run.c.config.at("class").get<std::string>().starts_with("KDPM2");
}

/// The sigmas as the reference's class lists them: one a call and the last. KDPM2 lists the levels
/// of the steps, not those in their middle, and the last one twice.
std::vector<double> listed_sigmas(const Run& run) {
  const Sampler& sampler = run.sampler;
  const auto& levels = sampler.plan().schedule.sigmas;
  std::vector<double> sigmas;
  for (int call = 0; call < sampler.call_count(); ++call)
    sigmas.push_back(is_kdpm2(run) ? levels[static_cast<std::size_t>(call + 1) / 2]
                                   : sampler.sigma_of(call));
  sigmas.insert(sigmas.end(), levels.begin() + sampler.step_count(), levels.end());
  if (is_kdpm2(run)) sigmas.insert(sigmas.end(), 2, levels.back());
  return sigmas;
}

void check_schedule(Run& run) {
  const Sampler& sampler = run.sampler;
  std::vector<double> timesteps;
  for (int call = 0; call < sampler.call_count(); ++call)
    timesteps.push_back(sampler.timestep_of(call));

  run.verdict.compare("out.timesteps", floats(timesteps), run.c.tensor("out.timesteps"),
                      timestep_tolerance(run.c));
  if (run.c.has("out.sigmas"))
    run.verdict.compare("out.sigmas", floats(listed_sigmas(run)), run.c.tensor("out.sigmas"),
                        kSigmas);
  run.verdict.compare("out.init_noise_sigma",
                      at::scalar_tensor(sampler.initial_scale(), at::kDouble),
                      run.c.tensor("out.init_noise_sigma"), kSigmas);
}

void check_trajectory(Run& run) {
  const auto& description = run.c.description;
  const auto rows = description.at("trajectory_rows").get<std::vector<int>>();
  const auto row_atol = description.at("step_atol").get<std::vector<double>>();
  const auto input_rows = description.at("scaled_inputs_rows").get<std::vector<int>>();
  RecordedNoise noise(run.c, "in.step_noise", description.at("step_noise_calls"));

  std::vector<at::Tensor> inputs;
  std::vector<at::Tensor> latents;
  Sampler& sampler = run.sampler;
  sampler.start(run.noise * sampler.initial_scale());
  while (!sampler.is_finished()) {
    const at::Tensor input = sampler.model_input();
    inputs.push_back(input);
    sampler.advance(model(input, sampler.timestep()),
                    noise.at_call(sampler.call(), run.verdict, input));
    latents.push_back(sampler.latent());
  }
  noise.expect_used(run.verdict);

  const at::Tensor expected = run.c.tensor("out.trajectory");
  for (std::size_t i = 0; i < rows.size(); ++i)
    run.verdict.compare("out.trajectory", latents.at(static_cast<std::size_t>(rows[i])),
                        expected[static_cast<std::int64_t>(i)],
                        {row_atol.at(i), run.c.tolerance.rtol});
  if (!run.c.has("out.scaled_inputs")) return;
  const at::Tensor expected_inputs = run.c.tensor("out.scaled_inputs");
  for (std::size_t i = 0; i < input_rows.size(); ++i)
    run.verdict.compare("out.scaled_inputs", inputs.at(static_cast<std::size_t>(input_rows[i])),
                        expected_inputs[static_cast<std::int64_t>(i)],
                        {row_atol.at(i == 0 ? 0 : row_atol.size() - 1), run.c.tolerance.rtol});
}

/// The call that a timestep belongs to; of several that share it the second.
int call_of_timestep(const Sampler& sampler, double timestep) {
  std::vector<int> calls;
  for (int call = 0; call < sampler.call_count(); ++call)
    if (std::abs(sampler.timestep_of(call) - timestep) <= 1e-3) calls.push_back(call);
  if (calls.empty()) return sampler.call_count() - 1;
  return calls.size() > 1 ? calls[1] : calls[0];
}

/// The call whose level of noise the reference's class adds at a timestep: KDPM2 lists with the
/// timesteps in the middle of its steps the level of their end.
int call_of_added_noise(const Run& run, double timestep) {
  const Sampler& sampler = run.sampler;
  const int call = call_of_timestep(sampler, timestep);
  const bool is_within = call > sampler.first_call_of(call / 2) && call + 1 < sampler.call_count();
  return is_kdpm2(run) && is_within ? call + 1 : call;
}

void check_added_noise(Run& run) {
  if (!run.c.has("out.add_noise")) return;
  const at::Tensor timesteps = run.c.tensor("in.add_noise.timesteps").to(at::kDouble);
  std::vector<at::Tensor> rows;
  for (std::int64_t k = 0; k < timesteps.numel(); ++k) {
    const int call = call_of_added_noise(run, timesteps[k].item<double>());
    rows.push_back(run.sampler.noised(run.original, run.noise, call));
  }
  run.verdict.compare("out.add_noise", at::cat(rows), run.c.tensor("out.add_noise"), kNoised);
}

void check_image_to_image(Run& run, const std::string& name, const nlohmann::json& settings) {
  Sampler& sampler = run.sampler;
  const int steps = sampler.step_count();
  const bool is_flow = run.c.config.at("class").get<std::string>().starts_with("FlowMatch");
  double kept = std::min(steps * settings.at("strength").get<double>(), 1.0 * steps);
  if (!is_flow) kept = std::trunc(kept);
  const int first = sampler.first_call_of(static_cast<int>(steps - kept));
  run.verdict.expect(first == settings.at("begin_index").get<int>(),
                     fmt::format("{} begins at call {}", name, first));

  std::vector<double> timesteps;
  for (int call = first; call < sampler.call_count(); ++call)
    timesteps.push_back(sampler.timestep_of(call));
  const std::string prefix = "out." + name;
  run.verdict.compare(prefix + ".timesteps", floats(timesteps), run.c.tensor(prefix + ".timesteps"),
                      timestep_tolerance(run.c));

  sampler.start(sampler.noised(run.original, run.noise, first), first);
  if (run.c.has(prefix + ".start"))
    run.verdict.compare(prefix + ".start", sampler.latent(), run.c.tensor(prefix + ".start"),
                        kNoised);
  RecordedNoise noise(run.c, "in." + name + ".step_noise", settings.at("step_noise_calls"));
  while (!sampler.is_finished()) {
    const at::Tensor input = sampler.model_input();
    sampler.advance(model(input, sampler.timestep()),
                    noise.at_call(sampler.call() - first, run.verdict, input));
  }
  noise.expect_used(run.verdict);
  if (run.c.has(prefix + ".final")) run.verdict.compare(run.c, prefix + ".final", sampler.latent());
}

}  // namespace

Verdict check_schedulers(const Case& c) {
  nlohmann::json config = c.config.at("config");
  config["_class_name"] = c.config.at("class");
  nlohmann::json settings = c.config.value("set_timesteps", nlohmann::json::object());
  settings.update(c.config.value("step", nlohmann::json::object()));
  settings["num_inference_steps"] = c.config.at("num_inference_steps");

  auto sampler = sampler_of(config, settings);
  if (!sampler) return Verdict::skip(sampler.error().message);
  const auto shared = read_tensors(c.root / c.description.at("shared_inputs").get<std::string>());
  Verdict verdict;
  Run run{c, verdict, **sampler, shared.at("noise"), shared.at("original")};
  check_schedule(run);
  check_trajectory(run);
  check_added_noise(run);
  const auto image_to_image = c.description.value("image_to_image", nlohmann::json::object());
  for (const auto& [name, strength] : image_to_image.items())
    check_image_to_image(run, name, strength);
  return verdict;
}

}  // namespace furrow::golden
