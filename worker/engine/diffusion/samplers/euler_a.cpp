// Ancestral sampling by Euler steps: Song et al. 2021, "Score-Based Generative Modeling through
// Stochastic Differential Equations" (arXiv:2011.13456), in k-diffusion's form. Each step goes
// further down than asked, to sigma_down, and fresh noise brings it up to sigma_next:
//
//   sigma_up^2 = eta^2 sigma_next^2 (sigma^2 - sigma_next^2) / sigma^2
//   sigma_down^2 = sigma_next^2 - sigma_up^2
//   x' = x + d (sigma_down - sigma) + sigma_up s_noise eps
//
// Noise is drawn in every step, the last one included, where sigma_up is 0.

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class EulerAncestral final : public SigmaSampler {
 public:
  explicit EulerAncestral(SamplerPlan plan) : SigmaSampler(std::move(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    const auto& [eta, s_noise] = std::pair(plan_.options.eta.value_or(1), plan_.options.s_noise);
    const auto to = AncestralStep::between(sigma(), sigma(1), eta, is_flow());
    const at::Tensor x = latent_ + slope(latent_, output, sigma()) * (to.sigma_down - sigma());
    return x * to.scale + draw() * (to.noise * s_noise);
  }
};

}  // namespace

std::unique_ptr<Sampler> make_euler_a(SamplerPlan plan) {
  return std::make_unique<EulerAncestral>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
