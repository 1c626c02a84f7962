#include "worker/engine/diffusion/schedule.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include <ATen/ATen.h>
#include <boost/math/distributions/beta.hpp>
#include <fmt/format.h>

#include "common/base/check.h"

namespace furrow::engine::diffusion {
namespace {

/// Stands for a cumulative alpha of zero where a finite sigma is needed: 2⁻²⁴, so sigma is 4096.
constexpr double kSmallestAlpha = 1.0 / (1 << 24);

constexpr double kKarrasRho = 7;
constexpr double kBetaShape = 0.6;  // arXiv:2407.12173

double to_float(double value) {
  return static_cast<double>(static_cast<float>(value));
}

/// `count` values from `first` to `last`, both included; one value is `first`.
std::vector<double> linspace(double first, double last, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i)
    values.push_back(count == 1 ? first : first + (last - first) / (count - 1) * i);
  if (count > 1) values.back() = last;
  return values;
}

/// beta_i = 1 − a(i + 1) / a(i) for a cumulative alpha given as a function of time in [0, 1].
at::Tensor betas_of(int count, const std::function<double(double)>& alpha_cumprod) {
  std::vector<float> betas;
  for (int i = 0; i < count; ++i) {
    const double ratio = alpha_cumprod(static_cast<double>(i + 1) / count) /
                         alpha_cumprod(static_cast<double>(i) / count);
    betas.push_back(static_cast<float>(std::min(1 - ratio, 0.999)));
  }
  return at::tensor(betas);
}

/// Float32 all the way and from both ends, as torch since 2.0 has it: a picture's last digits and
/// the rounding of whole timesteps hang on it.
at::Tensor float_linspace(double first, double last, int count) {
  const auto from = static_cast<float>(first);
  const auto to = static_cast<float>(last);
  const float step = count > 1 ? (to - from) / static_cast<float>(count - 1) : 0;
  std::vector<float> values;
  for (int i = 0; i < count; ++i)
    values.push_back(i < count / 2 || count == 1 ? from + step * static_cast<float>(i)
                                                 : to - step * static_cast<float>(count - 1 - i));
  return at::tensor(values);
}

at::Tensor betas_of_schedule(const SchedulerConfig& config) {
  const int count = config.num_train_timesteps;
  switch (config.beta_schedule) {
    case BetaSchedule::Linear:
      return float_linspace(config.beta_start, config.beta_end, count);
    case BetaSchedule::ScaledLinear:
      return float_linspace(std::sqrt(config.beta_start), std::sqrt(config.beta_end), count)
          .square();
    case BetaSchedule::SquaredCosine:  // Nichol & Dhariwal 2021, arXiv:2102.09672
      return betas_of(count, [](double t) {
        const double cosine = std::cos((t + 0.008) / 1.008 * std::numbers::pi / 2);
        return cosine * cosine;
      });
    case BetaSchedule::Exponential:
      return betas_of(count, [](double t) { return std::exp(-12 * t); });
  }
  FURROW_CHECK(false, "an unknown beta schedule");
}

/// Shifts and scales √a so that the last level is pure noise (arXiv:2305.08891, algorithm 1).
at::Tensor with_zero_terminal_snr(const at::Tensor& betas) {
  at::Tensor root = (1 - betas).cumprod(0).sqrt();
  const at::Tensor first = root[0].clone();
  const at::Tensor last = root[-1].clone();
  root = (root - last) * (first / (first - last));
  const at::Tensor cumprod = root.square();
  const at::Tensor ratios = cumprod.slice(0, 1) / cumprod.slice(0, 0, -1);
  return 1 - at::cat({cumprod.slice(0, 0, 1), ratios});
}

std::vector<double> to_doubles(const at::Tensor& floats) {
  const at::Tensor values = floats.contiguous();
  const float* data = values.data_ptr<float>();
  return {data, data + values.numel()};
}

/// How many of the model's timesteps are noisy no further than lambda_min_clipped allows.
int usable_timesteps(const SchedulerConfig& config, const TrainedNoise& trained) {
  const auto is_too_noisy = [&](double sigma) {
    return -std::log(sigma) < config.lambda_min_clipped;
  };
  return static_cast<int>(std::find_if(trained.sigmas.begin(), trained.sigmas.end(), is_too_noisy) -
                          trained.sigmas.begin());
}

/// Timesteps from noisy to clean by the config's spacing. Half is rounded to even, as numpy does.
std::vector<double> spaced_timesteps(const SchedulerConfig& config, const ScheduleRule& rule,
                                     int usable, int steps) {
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

/// The sigma at a timestep between whole ones.
double sigma_at(double timestep, const TrainedNoise& trained) {
  const auto& sigmas = trained.sigmas;
  const double t = std::clamp(timestep, 0.0, static_cast<double>(sigmas.size() - 1));
  const auto low = static_cast<std::size_t>(t);
  const std::size_t high = std::min(low + 1, sigmas.size() - 1);
  return sigmas[low] + (sigmas[high] - sigmas[low]) * (t - static_cast<double>(low));
}

/// `steps` sigmas from `sigma_max` to `sigma_min`. Requires: a curve with ends.
std::vector<double> sigmas_along(SigmaCurve curve, double sigma_max, double sigma_min, int steps) {
  std::vector<double> sigmas;
  switch (curve) {
    case SigmaCurve::Karras: {  // arXiv:2206.00364, equation 5
      const double from = std::pow(sigma_max, 1 / kKarrasRho);
      const double to = std::pow(sigma_min, 1 / kKarrasRho);
      for (const double ramp : linspace(0, 1, steps))
        sigmas.push_back(std::pow(from + ramp * (to - from), kKarrasRho));
      return sigmas;
    }
    case SigmaCurve::Exponential:
    case SigmaCurve::Lu:  // arXiv:2206.00927: even steps in lambda, which is −log sigma
      for (const double log_sigma : linspace(std::log(sigma_max), std::log(sigma_min), steps))
        sigmas.push_back(std::exp(log_sigma));
      return sigmas;
    case SigmaCurve::Beta: {
      const boost::math::beta_distribution<double> beta(kBetaShape, kBetaShape);
      for (const double ramp : linspace(0, 1, steps))
        sigmas.push_back(sigma_min + quantile(beta, 1 - ramp) * (sigma_max - sigma_min));
      return sigmas;
    }
    case SigmaCurve::LogLinear:
    case SigmaCurve::Spaced:
    case SigmaCurve::Simple:
      break;
  }
  FURROW_CHECK(false, "this curve follows from timesteps");
}

/// A1111's "simple": every (N / n)-th trained level, the noisiest first.
std::vector<double> simple_timesteps(std::size_t trained_levels, int steps) {
  std::vector<double> timesteps;
  const auto levels = static_cast<int>(trained_levels);
  for (int i = 0; i < steps; ++i)
    timesteps.push_back(levels - 1 - static_cast<int>(static_cast<double>(i) * levels / steps));
  return timesteps;
}

/// Timesteps along a curve, rounded as the reference's samplers with whole timesteps round them.
double timestep_along(double sigma, const SchedulerConfig& config, const TrainedNoise& trained,
                      const ScheduleRule& rule) {
  const double t = timestep_of_sigma(sigma, trained);
  if (!rule.whole_timesteps) return t;
  const bool is_nearest = (config.curve == SigmaCurve::Karras || config.curve == SigmaCurve::Lu) &&
                          config.beta_schedule != BetaSchedule::SquaredCosine;
  return is_nearest ? std::nearbyint(t) : std::trunc(t);
}

Schedule schedule_of_timesteps(std::vector<double> timesteps, const TrainedNoise& trained) {
  Schedule schedule{std::move(timesteps), {}};
  for (const double t : schedule.timesteps) schedule.sigmas.push_back(sigma_at(t, trained));
  return schedule;
}

/// The levels without the one after the last step.
Schedule levels_of(const SchedulerConfig& config, const TrainedNoise& trained,
                   const ScheduleRule& rule, const ScheduleRequest& request, int steps) {
  if (config.curve == SigmaCurve::Simple)
    return schedule_of_timesteps(simple_timesteps(trained.sigmas.size(), steps), trained);

  const int usable = usable_timesteps(config, trained);
  Schedule schedule = schedule_of_timesteps(
      request.timesteps.empty() ? spaced_timesteps(config, rule, usable, steps) : request.timesteps,
      trained);
  if (config.curve == SigmaCurve::Spaced) return schedule;
  if (config.curve == SigmaCurve::LogLinear) {
    schedule.sigmas = sigmas_along(SigmaCurve::Exponential, trained.sigmas.back(),
                                   trained.sigmas.front(), steps + 1);
    return schedule;
  }

  const bool spans_model = rule.curve_spans_model;
  const double sigma_max =
      config.sigma_max.value_or(spans_model ? trained.sigmas.back() : schedule.sigmas.front());
  const double sigma_min =
      config.sigma_min.value_or(spans_model ? trained.sigmas.front() : schedule.sigmas.back());
  schedule.sigmas = sigmas_along(config.curve, sigma_max, sigma_min, steps);
  schedule.timesteps.clear();
  for (const double sigma : schedule.sigmas)
    schedule.timesteps.push_back(timestep_along(sigma, config, trained, rule));
  return schedule;
}

}  // namespace

TrainedNoise trained_noise(const SchedulerConfig& config) {
  at::Tensor betas;
  if (config.trained_betas.empty()) {
    betas = betas_of_schedule(config);
  } else {
    betas = at::tensor(config.trained_betas).to(at::kFloat);
  }
  if (config.rescale_betas_zero_snr) betas = with_zero_terminal_snr(betas);

  at::Tensor cumprod = (1 - betas).cumprod(0);
  TrainedNoise trained;
  trained.alphas_cumprod = to_doubles(cumprod);
  if (config.rescale_betas_zero_snr) cumprod[-1].fill_(kSmallestAlpha);
  trained.sigmas = to_doubles(((1 - cumprod) / cumprod).sqrt());
  return trained;
}

double timestep_of_sigma(double sigma, const TrainedNoise& trained) {
  const auto& sigmas = trained.sigmas;
  if (sigmas.size() < 2) return 0;
  const auto log_at = [&](std::size_t i) { return to_float(std::log(sigmas[i])); };
  const double log_sigma = std::log(std::max(sigma, 1e-10));
  std::size_t low = 0;  // the last level that is no noisier
  while (low + 2 < sigmas.size() && log_at(low + 1) <= log_sigma) ++low;
  const double w =
      std::clamp((log_at(low) - log_sigma) / (log_at(low) - log_at(low + 1)), 0.0, 1.0);
  return (1 - w) * static_cast<double>(low) + w * static_cast<double>(low + 1);
}

Result<Schedule> make_schedule(const SchedulerConfig& config, const TrainedNoise& trained,
                               const ScheduleRule& rule, const ScheduleRequest& request) {
  int steps = request.steps;
  if (!request.timesteps.empty()) steps = static_cast<int>(request.timesteps.size());
  if (!request.sigmas.empty()) steps = static_cast<int>(request.sigmas.size()) - 1;
  const int most = static_cast<int>(trained.sigmas.size()) - (rule.drops_last ? 1 : 0);
  if (steps < 1 || steps > std::max(most, 1))
    return fail(ErrorKind::Invalid, fmt::format("steps: {} is not between 1 and {}, which is what "
                                                "the model's noise schedule allows",
                                                steps, std::max(most, 1)));

  Schedule schedule;
  if (request.sigmas.empty()) {
    schedule = levels_of(config, trained, rule, request, steps);
    schedule.sigmas.push_back(config.final_sigma == FinalSigma::Zero ? 0 : trained.sigmas.front());
  } else {
    schedule.sigmas = request.sigmas;
    for (int i = 0; i < steps; ++i)
      schedule.timesteps.push_back(
          timestep_along(request.sigmas[static_cast<std::size_t>(i)], config, trained, rule));
  }

  for (double& sigma : schedule.sigmas) sigma = to_float(sigma);
  if (config.continuous_timesteps && config.prediction == Prediction::V)
    for (std::size_t i = 0; i < schedule.timesteps.size(); ++i)
      schedule.timesteps[i] = 0.25 * std::log(schedule.sigmas[i]);
  return schedule;
}

}  // namespace furrow::engine::diffusion
