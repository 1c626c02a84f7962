// Euler's method on the probability-flow ODE: Karras et al. 2022, "Elucidating the Design Space of
// Diffusion-Based Generative Models" (arXiv:2206.00364), algorithm 2 without its second-order
// correction.
//
//   sigma_hat = sigma (1 + gamma)          x_hat = x + sqrt(sigma_hat^2 - sigma^2) s_noise eps
//   d = (x_hat - denoised) / sigma_hat     x' = x_hat + d (sigma_next - sigma_hat)
//
// gamma is 0 without churn, and then nothing is drawn. A1111's k-diffusion asks the model about
// x_hat at sigma_hat; diffusers, and so this one, has asked about x at sigma by then.

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class Euler final : public SigmaSampler {
 public:
  explicit Euler(SamplerPlan plan) : SigmaSampler(std::move(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    const Churned from = churned(draw, plan_.schedule.sigmas.size() - 1);
    const at::Tensor d = churned_slope(from, output);
    return from.x + d * (sigma(1) - from.sigma_hat);
  }
};

}  // namespace

std::unique_ptr<Sampler> make_euler(SamplerPlan plan) {
  return std::make_unique<Euler>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
