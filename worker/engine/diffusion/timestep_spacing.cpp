#include "worker/engine/diffusion/timestep_spacing.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "common/base/check.h"
#include "worker/engine/diffusion/sigma_curve.h"

namespace furrow::engine::diffusion {
namespace {

double to_float(double value) {
  return static_cast<double>(static_cast<float>(value));
}

/// How many of the model's timesteps are noisy no further than lambda_min_clipped allows.
int usable_timesteps(const SchedulerConfig& config, const TrainedNoise& trained) {
  const auto is_too_noisy = [&](double sigma) {
    return -std::log(sigma) < config.lambda_min_clipped;
  };
  return static_cast<int>(std::find_if(trained.sigmas.begin(), trained.sigmas.end(), is_too_noisy) -
                          trained.sigmas.begin());
}

/// By the config's own spacing. Half is rounded to even, as numpy does.
std::vector<double> own_spacing(const SchedulerConfig& config, SpacingRule rule, int usable,
                                int steps) {
  const int count = rule.drops_last ? steps + 1 : steps;
  std::vector<double> timesteps;
  switch (config.spacing) {
    case TimestepSpacing::Linspace:
      timesteps = linspace(0, usable - 1, count);
      break;
    case TimestepSpacing::Leading:
      for (int i = 0; i < count; ++i)
        timesteps.push_back(i * (usable / count) + config.steps_offset);
      break;
    case TimestepSpacing::Trailing:
      for (int i = 0; i < steps; ++i)
        timesteps.push_back(
            std::nearbyint(usable - i * (static_cast<double>(config.num_train_timesteps) / steps)) -
            1);
      return timesteps;
  }
  std::reverse(timesteps.begin(), timesteps.end());
  timesteps.resize(static_cast<std::size_t>(steps));
  for (double& t : timesteps) t = rule.whole_timesteps ? std::nearbyint(t) : to_float(t);
  return timesteps;
}

/// Every (N / n)-th trained level, the noisiest first: A1111's "simple".
std::vector<double> simple(int levels, int steps) {
  std::vector<double> timesteps;
  for (int i = 0; i < steps; ++i)
    timesteps.push_back(levels - 1 - static_cast<int>(static_cast<double>(i) * levels / steps));
  return timesteps;
}

/// Levels 1, 1 + s, 1 + 2 s, … with a whole stride s, as DDIM was first published. A1111 goes on to
/// the noisiest and may so take a step more than asked for; here there are always as many as asked.
std::vector<double> ddim_uniform(int levels, int steps) {
  const int stride = std::max(levels / steps, 1);
  const int first = std::min(1, levels - 1 - stride * (steps - 1));
  std::vector<double> timesteps;
  for (int i = steps - 1; i >= 0; --i) timesteps.push_back(first + stride * i);
  return timesteps;
}

/// The ends of n equal parts, the last of them the noisiest level: SD Turbo's.
std::vector<double> turbo(int levels, int steps) {
  std::vector<double> timesteps;
  for (int k = steps; k >= 1; --k)
    timesteps.push_back(
        std::max(std::nearbyint(k * (static_cast<double>(levels) / steps) - 1), 0.0));
  return timesteps;
}

}  // namespace

std::vector<double> spaced_timesteps(const SchedulerConfig& config, const TrainedNoise& trained,
                                     SpacingRule rule, int steps) {
  const auto levels = static_cast<int>(trained.sigmas.size());
  std::vector<double> timesteps;
  switch (config.curve) {
    case SigmaCurve::Uniform:
      timesteps = linspace(levels - 1, 0, steps);
      break;
    case SigmaCurve::SgmUniform:
      timesteps = linspace(levels - 1, 0, steps + 1);
      timesteps.pop_back();
      break;
    case SigmaCurve::Simple:
      return simple(levels, steps);
    case SigmaCurve::DdimUniform:
      return ddim_uniform(levels, steps);
    case SigmaCurve::Turbo:
      return turbo(levels, steps);
    case SigmaCurve::Spaced:
    case SigmaCurve::Karras:
    case SigmaCurve::Exponential:
    case SigmaCurve::Polyexponential:
    case SigmaCurve::Beta:
    case SigmaCurve::Lu:
    case SigmaCurve::LogLinear:
    case SigmaCurve::KlOptimal:
    case SigmaCurve::LinearQuadratic:
    case SigmaCurve::AlignYourSteps:
    case SigmaCurve::AlignYourSteps32:
    case SigmaCurve::Gits:
      return own_spacing(config, rule, usable_timesteps(config, trained), steps);
  }
  for (double& t : timesteps)
    if (rule.whole_timesteps) t = std::nearbyint(t);
  return timesteps;
}

Result<std::vector<double>> distilled_timesteps(const SchedulerConfig& config, int original_steps,
                                                int steps) {
  if (original_steps < 1 || original_steps > config.num_train_timesteps)
    return fail(ErrorKind::Invalid,
                fmt::format("original_inference_steps: {} is not between 1 and the {} timesteps "
                            "that the model was trained on",
                            original_steps, config.num_train_timesteps));
  if (steps < 1 || steps > original_steps)
    return fail(ErrorKind::Invalid,
                fmt::format("steps: {} is not between 1 and {}, how many the model was distilled "
                            "on; with this sampler few are enough",
                            steps, original_steps));
  const int stride = config.num_train_timesteps / original_steps;
  std::vector<double> timesteps;
  for (int i = 0; i < steps; ++i) {
    const int skipped = static_cast<int>(static_cast<double>(original_steps) / steps * i);
    timesteps.push_back((original_steps - skipped) * stride - 1);
  }
  return timesteps;
}

}  // namespace furrow::engine::diffusion
