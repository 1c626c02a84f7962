#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "worker/engine/diffusion/sampler_class.h"

namespace furrow::engine::diffusion {
namespace {

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

void leave(SchedulerConfig&) {}

void set_sde(SchedulerConfig& config) {
  config.algorithm = "sde-dpmsolver++";
}

}  // namespace

const std::vector<SamplerRow>& sampler_rows() {
  static const std::vector<SamplerRow> rows = {
      {"euler", "EulerDiscreteScheduler", leave},
      {"euler_a", "EulerAncestralDiscreteScheduler", leave},
      {"heun", "HeunDiscreteScheduler", leave},
      {"ddim", "DDIMScheduler", leave},
      {"dpmpp_2m", "DPMSolverMultistepScheduler", leave},
      {"dpmpp_2m_sde", "DPMSolverMultistepScheduler", set_sde},
  };
  return rows;
}

Result<SchedulerConfig> config_of(std::string_view name, std::string_view schedule,
                                  const SchedulerConfig& model) {
  const auto row = find_row(sampler_rows(), name);
  if (row == sampler_rows().end()) return unknown_name("sampler", name, sampler_rows());
  const auto curve = find_row(kSchedules, schedule);
  if (curve == kSchedules.end()) return unknown_name("schedule", schedule, kSchedules);

  SchedulerConfig config;
  config.class_name = row->scheduler_class;
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
  config.algorithm = "dpmsolver++";
  row->set(config);
  config.curve = curve->curve;
  if (config.curve != SigmaCurve::Spaced) {
    const TrainedNoise trained = trained_noise(config);
    config.sigma_min = trained.sigmas.front();
    config.sigma_max = trained.sigmas.back();
  }
  return config;
}

}  // namespace furrow::engine::diffusion
