#include "worker/engine/diffusion/samplers/bases.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

namespace furrow::engine::diffusion {
namespace {

constexpr double kTraceOfSignal = 1e-6;

at::Tensor clamped(const at::Tensor& denoised, const SchedulerConfig& config) {
  return denoised.clamp(-config.clip_sample_range, config.clip_sample_range);
}

}  // namespace

double SigmaSampler::initial_scale() const {
  if (is_flow()) return 1;
  const auto& sigmas = plan_.schedule.sigmas;
  const double largest = *std::max_element(sigmas.begin(), sigmas.end());
  return plan_.config.spacing == TimestepSpacing::Leading ? std::sqrt(largest * largest + 1)
                                                          : largest;
}

at::Tensor SigmaSampler::noised(const at::Tensor& latent, const at::Tensor& noise, int call) const {
  const double sigma = sigma_of(call);
  return is_flow() ? latent * (1 - sigma) + noise * sigma : latent + noise * sigma;
}

at::Tensor SigmaSampler::model_input() const {
  if (is_flow()) return latent_;
  const double met = sigma_of(call_);
  return latent_ / std::sqrt(met * met + 1);
}

double SigmaSampler::sigma(int ahead) const {
  return plan_.schedule.sigmas[step() + static_cast<std::size_t>(ahead)];
}

at::Tensor SigmaSampler::denoise(const at::Tensor& x, const at::Tensor& output,
                                 double sigma) const {
  const SchedulerConfig& config = plan_.config;
  const at::Tensor denoised =
      is_flow() ? denoised_mixed(config.prediction, x, output, Mix::of_flow(sigma))
                : denoised_exploding(config.prediction, x, output, sigma);
  return config.clip_sample ? clamped(denoised, config) : denoised;
}

at::Tensor SigmaSampler::slope(const at::Tensor& x, const at::Tensor& output, double sigma) {
  denoised_ = denoise(x, output, sigma);
  // A flow's velocity is d, also where there is no noise.
  return plan_.config.prediction == Prediction::Flow ? output : (x - denoised_) / sigma;
}

SigmaSampler::Churned SigmaSampler::churned(const DrawNoise& draw, std::size_t parts) const {
  const StepOptions& options = plan_.options;
  const double sigma_hat = churned_sigma(options, sigma(), parts);
  if (sigma_hat == sigma()) return {latent_, sigma_hat};
  const double added = std::sqrt(sigma_hat * sigma_hat - sigma() * sigma());
  return {latent_ + draw() * (options.s_noise * added), sigma_hat};
}

at::Tensor SigmaSampler::churned_slope(const Churned& from, const at::Tensor& output) {
  if (from.sigma_hat == sigma()) return slope(from.x, output, sigma());
  const bool is_epsilon = plan_.config.prediction == Prediction::Epsilon && !is_flow();
  denoised_ = denoise(from.x, output, is_epsilon ? from.sigma_hat : sigma());
  return (from.x - denoised_) / from.sigma_hat;
}

double lambda_of(double sigma, bool is_flow) {
  if (!is_flow) return -std::log(sigma);
  const double noise = std::min(sigma, 1 - kTraceOfSignal);
  return std::log((1 - noise) / noise);
}

double sigma_at_lambda(double lambda, bool is_flow) {
  return is_flow ? 1 / (1 + std::exp(lambda)) : std::exp(-lambda);
}

AncestralStep AncestralStep::between(double sigma, double sigma_next, double eta, bool is_flow) {
  if (is_flow) {
    const double down = sigma_next * (1 + (sigma_next / sigma - 1) * eta);
    const double scale = (1 - sigma_next) / (1 - down);
    const double kept = down * scale;
    return {down, scale, std::sqrt(std::max(sigma_next * sigma_next - kept * kept, 0.0))};
  }
  // In float32, as the reference: in a long step the difference of squares loses digits, and so
  // sigma_down is another than in exact numbers. Where it loses all of them, those are taken.
  const auto from = static_cast<float>(sigma * sigma);
  const auto to = static_cast<float>(sigma_next * sigma_next);
  const float up = std::min(static_cast<float>(eta) * std::sqrt(to * (from - to) / from),
                            static_cast<float>(sigma_next));
  const float down = std::sqrt(std::max(to - up * up, 0.0F));
  if (down > 0 || sigma_next == 0) return {down, 1, up};
  const double left = (1 - eta * eta) + eta * eta * (sigma_next / sigma) * (sigma_next / sigma);
  return {sigma_next * std::sqrt(left), 1, up};
}

at::Tensor MixingSampler::noised(const at::Tensor& latent, const at::Tensor& noise,
                                 int call) const {
  const Mix mix = mix_of(call);
  return latent * mix.alpha + noise * mix.sigma;
}

at::Tensor MixingSampler::denoise(const at::Tensor& x, const at::Tensor& output, Mix mix) const {
  const SchedulerConfig& config = plan_.config;
  const at::Tensor denoised = denoised_mixed(config.prediction, x, output, mix);
  if (config.thresholding) return thresholded(denoised, config);
  return config.clip_sample ? clamped(denoised, config) : denoised;
}

}  // namespace furrow::engine::diffusion
