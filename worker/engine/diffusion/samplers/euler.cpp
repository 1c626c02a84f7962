// Euler's method on the probability-flow ODE: Karras et al. 2022, "Elucidating the Design Space of
// Diffusion-Based Generative Models" (arXiv:2206.00364), algorithm 2 without its second-order
// correction.
//
//   sigma_hat = sigma (1 + gamma)          x_hat = x + sqrt(sigma_hat^2 - sigma^2) s_noise eps
//   d = (x_hat - denoised) / sigma_hat     x' = x_hat + d (sigma_next - sigma_hat)
//
// gamma is 0 without churn, and then nothing is drawn.

#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/prediction.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class Euler final : public ExplodingSampler {
 public:
  using ExplodingSampler::ExplodingSampler;

 private:
  double gamma() const {
    const StepOptions& options = plan_.options;
    if (sigma() < options.s_tmin || sigma() > options.s_tmax) return 0;
    const auto steps = static_cast<double>(plan_.schedule.sigmas.size() - 1);
    return std::min(options.s_churn / steps, std::numbers::sqrt2 - 1);
  }

  /// The model has seen x at sigma: an epsilon is taken to hold at sigma_hat, a velocity is not.
  at::Tensor denoise(const at::Tensor& x_hat, const at::Tensor& output, double sigma_hat) const {
    const bool is_epsilon = plan_.config.prediction == Prediction::Epsilon;
    return denoised_exploding(plan_.config.prediction, x_hat, output,
                              is_epsilon ? sigma_hat : sigma());
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    const double sigma_hat = sigma() * (1 + gamma());
    at::Tensor x_hat = latent_;
    if (sigma_hat > sigma()) {
      const double added = std::sqrt(sigma_hat * sigma_hat - sigma() * sigma());
      x_hat = x_hat + draw() * (plan_.options.s_noise * added);
    }
    denoised_ = denoise(x_hat, output, sigma_hat);
    const at::Tensor d = (x_hat - denoised_) / sigma_hat;
    return x_hat + d * (sigma(1) - sigma_hat);
  }
};

}  // namespace

std::unique_ptr<Sampler> make_euler(SamplerPlan plan) {
  return std::make_unique<Euler>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
