#include "worker/engine/diffusion/flow_sigmas.h"

#include <algorithm>
#include <cmath>

#include "common/base/check.h"
#include "worker/engine/diffusion/sigma_curve.h"
#include "worker/engine/diffusion/timestep_spacing.h"

namespace furrow::engine::diffusion {
namespace {

/// UniPC's logarithm of the signal needs a level a little below pure noise.
constexpr double kBelowPureNoise = 1e-6;

double to_float(double value) {
  return static_cast<double>(static_cast<float>(value));
}

double shifted(double sigma, double shift) {
  return shift * sigma / (1 + (shift - 1) * sigma);
}

/// exp(mu) or mu stands where a fixed shift does.
double shift_factor(const FlowShift& flow, std::optional<double> mu) {
  if (!flow.is_dynamic || !mu) return flow.shift;
  switch (flow.kind) {
    case TimeShift::Exponential:
      return std::exp(*mu);
    case TimeShift::Linear:
      return *mu;
  }
  FURROW_CHECK(false, "an unknown time shift");
}

/// From noisy to clean, before the shift.
std::vector<double> spaced(const SchedulerConfig& config, FlowSpacing spacing, int steps) {
  const double count = config.num_train_timesteps;
  switch (spacing) {
    case FlowSpacing::Euler: {
      // The ends carry a fixed shift already, and get it once more: so the reference has it.
      const FlowShift& flow = config.flow;
      const double end = flow.is_dynamic ? 1 / count : shifted(to_float(1 / count), flow.shift);
      auto timesteps = linspace(count, to_float(end) * count, steps);
      for (double& t : timesteps) t /= count;
      return timesteps;
    }
    case FlowSpacing::DpmSolver: {
      std::vector<double> sigmas;
      for (const double alpha : linspace(1, 1 / count, steps + 1)) sigmas.push_back(1 - alpha);
      std::reverse(sigmas.begin(), sigmas.end());
      sigmas.pop_back();
      return sigmas;
    }
    case FlowSpacing::UniPc: {
      auto sigmas = linspace(1, 1 / count, steps + 1);
      sigmas.pop_back();
      return sigmas;
    }
  }
  FURROW_CHECK(false, "an unknown spacing");
}

/// What SigmaCurve's first group picks from the levels that the model was trained on.
std::vector<double> picked(const SchedulerConfig& config, int steps) {
  const int count = config.num_train_timesteps;
  TrainedNoise levels;
  for (int i = 1; i <= count; ++i) levels.sigmas.push_back(static_cast<double>(i) / count);
  std::vector<double> sigmas;
  for (const double t : spaced_timesteps(config, levels, {}, steps))
    sigmas.push_back(sigma_of_timestep(t, levels));
  return sigmas;
}

void stretch_to(double terminal, std::vector<double>& sigmas) {
  const double scale = (1 - sigmas.back()) / (1 - terminal);
  if (scale == 0) return;  // a single level, which is pure noise
  for (double& sigma : sigmas) sigma = 1 - (1 - sigma) / scale;
}

/// UniPC lays Karras' curve over the sigmas of its betas, noise on top, and mixes those.
std::vector<double> unipc_karras(const SchedulerConfig& config, const TrainedNoise& trained,
                                 int steps) {
  const CurveEnds ends{config.sigma_max.value_or(trained.sigmas.back()),
                       config.sigma_min.value_or(trained.sigmas.front())};
  auto sigmas = sigmas_along(config, ends, steps);
  for (double& sigma : sigmas) sigma = sigma / (sigma + 1);
  return sigmas;
}

}  // namespace

Result<std::vector<double>> flow_sigmas(const SchedulerConfig& config, const TrainedNoise& trained,
                                        FlowSpacing spacing, const FlowRequest& request) {
  const FlowShift& flow = config.flow;
  if (flow.is_dynamic && !request.mu && spacing != FlowSpacing::DpmSolver)
    return fail(ErrorKind::Invalid,
                "the model's noise schedule is shifted by the picture's size, which is not given");
  if (is_fitted(config.curve))
    return fail(ErrorKind::Invalid,
                "schedule: this one was fitted to Stable Diffusion 1.5 and XL and does not hold "
                "for a model of flow matching; karras, exponential, beta and simple do");
  if (spacing == FlowSpacing::UniPc && config.curve == SigmaCurve::Karras)
    return unipc_karras(config, trained, request.steps);

  const bool is_pick = config.curve != SigmaCurve::Spaced && !has_ends(config.curve);
  std::vector<double> sigmas = request.sigmas;
  if (sigmas.empty())
    sigmas = is_pick ? picked(config, request.steps) : spaced(config, spacing, request.steps);
  const double factor = shift_factor(flow, request.mu);
  for (double& sigma : sigmas) sigma = shifted(sigma, factor);
  if (flow.terminal) stretch_to(*flow.terminal, sigmas);
  if (spacing == FlowSpacing::UniPc && std::abs(sigmas.front() - 1) < kBelowPureNoise)
    sigmas.front() -= kBelowPureNoise;
  if (!has_ends(config.curve)) return sigmas;
  const CurveEnds ends{config.sigma_max.value_or(sigmas.front()),
                       config.sigma_min.value_or(sigmas.back())};
  return sigmas_along(config, ends, static_cast<int>(sigmas.size()));
}

double shift_of_image(const FlowShift& flow, std::int64_t tokens) {
  const double slope =
      (flow.max_shift - flow.base_shift) / (flow.max_image_seq_len - flow.base_image_seq_len);
  return flow.base_shift + slope * static_cast<double>(tokens - flow.base_image_seq_len);
}

}  // namespace furrow::engine::diffusion
