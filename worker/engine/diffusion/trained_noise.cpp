#include "worker/engine/diffusion/trained_noise.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include <ATen/ATen.h>

#include "common/base/check.h"

namespace furrow::engine::diffusion {
namespace {

/// Stands for a cumulative alpha of zero where a finite sigma is needed: 2⁻²⁴, so sigma is 4096.
constexpr double kSmallestAlpha = 1.0 / (1 << 24);

double to_float(double value) {
  return static_cast<double>(static_cast<float>(value));
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

/// The cumulative alpha of Hoogeboom et al.'s Laplace schedule, as a function of time in [0, 1].
double laplace_alpha_cumprod(double t) {
  const double side = std::copysign(1.0, 0.5 - t);
  const double lambda = -0.5 * side * std::log(1 - 2 * std::abs(0.5 - t) + 1e-6);
  const double snr = std::exp(lambda);
  return std::sqrt(snr / (1 + snr));
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
    case BetaSchedule::Laplace:
      return betas_of(count, laplace_alpha_cumprod);
    case BetaSchedule::Sigmoid:
      return float_linspace(-6, 6, count).sigmoid() * (config.beta_end - config.beta_start) +
             config.beta_start;
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

double sigma_of_timestep(double timestep, const TrainedNoise& trained) {
  const auto& sigmas = trained.sigmas;
  const double t = std::clamp(timestep, 0.0, static_cast<double>(sigmas.size() - 1));
  const auto low = static_cast<std::size_t>(t);
  const std::size_t high = std::min(low + 1, sigmas.size() - 1);
  return sigmas[low] + (sigmas[high] - sigmas[low]) * (t - static_cast<double>(low));
}

}  // namespace furrow::engine::diffusion
