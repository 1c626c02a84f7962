// Ancestral sampling by Euler steps: Song et al. 2021, "Score-Based Generative Modeling through
// Stochastic Differential Equations" (arXiv:2011.13456), in k-diffusion's form. Each step goes
// further down than asked, to sigma_down, and fresh noise brings it up to sigma_next:
//
//   sigma_up^2 = sigma_next^2 (sigma^2 - sigma_next^2) / sigma^2
//   sigma_down^2 = sigma_next^2 - sigma_up^2
//   x' = x + d (sigma_down - sigma) + sigma_up eps
//
// Noise is drawn in every step, the last one included, where sigma_up is 0.

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/prediction.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class EulerAncestral final : public ExplodingSampler {
 public:
  using ExplodingSampler::ExplodingSampler;

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    const double from = sigma() * sigma();
    const double to = sigma(1) * sigma(1);
    const double up = to * (from - to) / from;
    const double sigma_down = std::sqrt(to - up);

    denoised_ = denoised_exploding(plan_.config.prediction, latent_, output, sigma());
    const at::Tensor d = (latent_ - denoised_) / sigma();
    return latent_ + d * (sigma_down - sigma()) + draw() * std::sqrt(up);
  }
};

}  // namespace

std::unique_ptr<Sampler> make_euler_a(SamplerPlan plan) {
  return std::make_unique<EulerAncestral>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
