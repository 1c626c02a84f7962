#include "worker/engine/diffusion/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/check.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr ScheduleRule kContinuous = {};
constexpr ScheduleRule kDdimRule = {.whole_timesteps = true};
constexpr ScheduleRule kDpmRule = {
    .drops_last = true, .whole_timesteps = true, .curve_spans_model = true};

struct ScheduleRow {
  std::string_view name;
  SigmaCurve curve;
};

constexpr std::array kSchedules = {
    ScheduleRow{"normal", SigmaCurve::Spaced}, ScheduleRow{"simple", SigmaCurve::Simple},
    ScheduleRow{"karras", SigmaCurve::Karras}, ScheduleRow{"exponential", SigmaCurve::Exponential}};

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

Result<const SamplerRow*> row_of(const SchedulerConfig& config) {
  bool is_class_known = false;
  for (const SamplerRow& row : sampler_rows()) {
    if (row.scheduler_class != config.class_name) continue;
    if (row.algorithm.empty() || row.algorithm == config.algorithm) return &row;
    is_class_known = true;
  }
  if (is_class_known)
    return fail(ErrorKind::Invalid, fmt::format("{} with algorithm_type {} is not supported",
                                                config.class_name, config.algorithm));
  return fail(ErrorKind::Invalid, fmt::format("{} is not supported", config.class_name));
}

}  // namespace

void Sampler::start(at::Tensor latent, int first_call) {
  FURROW_CHECK(first_call >= 0 && first_call <= call_count(), "a run begins within its schedule");
  latent_ = std::move(latent);
  denoised_ = at::Tensor();
  call_ = first_call;
}

void Sampler::advance(const at::Tensor& output, const DrawNoise& draw) {
  FURROW_CHECK(!is_finished(), "a finished run does not go on");
  latent_ = next_latent(output, draw);
  ++call_;
}

double ExplodingSampler::initial_scale() const {
  const auto& sigmas = plan_.schedule.sigmas;
  const double largest = *std::max_element(sigmas.begin(), sigmas.end());
  return plan_.config.spacing == TimestepSpacing::Leading ? std::sqrt(largest * largest + 1)
                                                          : largest;
}

at::Tensor ExplodingSampler::noised(const at::Tensor& latent, const at::Tensor& noise,
                                    int call) const {
  return latent + noise * sigma_of(call);
}

at::Tensor ExplodingSampler::model_input() const {
  return latent_ / std::sqrt(sigma() * sigma() + 1);
}

double ExplodingSampler::sigma(int ahead) const {
  return plan_.schedule.sigmas[level_of(call_) + static_cast<std::size_t>(ahead)];
}

const std::vector<SamplerRow>& sampler_rows() {
  static const std::vector<SamplerRow> rows = {
      {"euler", "EulerDiscreteScheduler", "", kContinuous, make_euler},
      {"euler_a", "EulerAncestralDiscreteScheduler", "", kContinuous, make_euler_a},
      {"heun", "HeunDiscreteScheduler", "", kContinuous, make_heun},
      {"ddim", "DDIMScheduler", "", kDdimRule, make_ddim},
      {"dpmpp_2m", "DPMSolverMultistepScheduler", "dpmsolver++", kDpmRule, make_dpmpp_2m},
      {"dpmpp_2m_sde", "DPMSolverMultistepScheduler", "sde-dpmsolver++", kDpmRule,
       make_dpmpp_2m_sde},
  };
  return rows;
}

Result<std::unique_ptr<Sampler>> make_sampler(const SchedulerConfig& config,
                                              const ScheduleRequest& request,
                                              const StepOptions& options) {
  FURROW_TRY(const SamplerRow* row, row_of(config));
  if (config.solver_order < 1 || config.solver_order > 2)
    return fail(ErrorKind::Invalid,
                fmt::format("{} of solver_order {} is not supported; 1 and 2 are",
                            config.class_name, config.solver_order));
  SamplerPlan plan{config, trained_noise(config), {}, options};
  FURROW_TRY(plan.schedule, make_schedule(config, plan.trained, row->rule, request));
  return row->make(std::move(plan));
}

Result<SchedulerConfig> config_of(std::string_view name, std::string_view schedule,
                                  const SchedulerConfig& model) {
  const auto row = find_row(sampler_rows(), name);
  if (row == sampler_rows().end()) return unknown_name("sampler", name, sampler_rows());
  const auto curve = find_row(kSchedules, schedule);
  if (curve == kSchedules.end()) return unknown_name("schedule", schedule, kSchedules);

  SchedulerConfig config;
  config.class_name = row->scheduler_class;
  config.algorithm = row->algorithm;
  config.num_train_timesteps = model.num_train_timesteps;
  config.beta_start = model.beta_start;
  config.beta_end = model.beta_end;
  config.beta_schedule = model.beta_schedule;
  config.trained_betas = model.trained_betas;
  config.rescale_betas_zero_snr = model.rescale_betas_zero_snr;
  config.prediction = model.prediction;
  config.spacing = model.spacing;
  config.steps_offset = model.steps_offset;
  config.set_alpha_to_one = model.set_alpha_to_one;
  config.curve = curve->curve;
  if (config.curve != SigmaCurve::Spaced) {
    const TrainedNoise trained = trained_noise(config);
    config.sigma_min = trained.sigmas.front();
    config.sigma_max = trained.sigmas.back();
  }
  return config;
}

}  // namespace furrow::engine::diffusion
