// Multistep consistency sampling: Song et al. 2023, "Consistency Models" (arXiv:2303.01469),
// algorithm 1, for models of flow matching (FlowMatchLCM, stochastic FlowMatchEuler in diffusers).
// Every step goes to the clean latent and adds noise anew for the next level:
//
//   x' = (1 - sigma_next) x0 + sigma_next z
//
// Noise is drawn in every step, the last one included, where sigma_next is 0.

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class Renoise final : public SigmaSampler {
 public:
  explicit Renoise(SamplerPlan plan) : SigmaSampler(std::move(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    denoised_ = denoise(latent_, output, sigma());
    return denoised_ * (1 - sigma(1)) + draw() * (sigma(1) * plan_.options.s_noise);
  }
};

}  // namespace

std::unique_ptr<Sampler> make_renoise(SamplerPlan plan) {
  return std::make_unique<Renoise>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
