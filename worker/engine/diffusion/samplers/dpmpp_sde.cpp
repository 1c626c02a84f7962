// DPM-Solver++ with noise in every step, k-diffusion's dpmpp_sde (DPMSolverSDE in diffusers): a
// singlestep solver of second order over t = -log sigma, each of its two stages an ancestral step
// from where the step begins. The second stage uses the clean latent of the middle.
//
//   x' = sigma_down / sigma x - (sigma_down / sigma - 1) denoised + sigma_up s_noise z
//
// The noises of the two stages are increments of one Brownian motion over sigma that begin at the
// same place: with draws z1, z2 and the intervals to the middle, a, and from there to the end, b,
// they are z1 and (sqrt(a) z1 + sqrt(b) z2) / sqrt(a + b). So it is in the reference, whose motion
// comes from another generator (torchsde's); here every call draws one latent from the picture's
// own. The last step, to 0, is Euler's.

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

std::vector<Call> sde_calls(const SamplerPlan& plan) {
  return two_calls_a_step(plan.schedule, [&](int step) {
    const auto i = static_cast<std::size_t>(step);
    const double middle = std::sqrt(plan.schedule.sigmas[i] * plan.schedule.sigmas[i + 1]);
    return Call{step, middle, timestep_of(plan, middle)};
  });
}

class DpmppSde final : public SigmaSampler {
 public:
  explicit DpmppSde(const SamplerPlan& plan) : SigmaSampler(plan, sde_calls(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    denoised_ = denoise(latent_, output, sigma_of(call_));
    if (begins_step() && ends_step())
      return latent_ + (latent_ - denoised_) * ((sigma(1) - sigma()) / sigma());
    if (begins_step()) {
      begin_ = latent_;
      first_draw_ = draw();
      return stage_to(sigma_of(call_ + 1), first_draw_);
    }
    const double a = sigma() - sigma_of(call_);
    const double b = sigma_of(call_) - sigma(1);
    const at::Tensor increment = first_draw_ * std::sqrt(a) + draw() * std::sqrt(b);
    return stage_to(sigma(1), increment / std::sqrt(a + b));
  }

  at::Tensor stage_to(double sigma_to, const at::Tensor& noise) const {
    const double eta = plan_.options.eta.value_or(1);
    const auto to = AncestralStep::between(sigma(), sigma_to, eta, is_flow());
    const double kept = to.sigma_down / sigma();
    const at::Tensor x = begin_ * kept + denoised_ * (1 - kept);
    return x * to.scale + noise * (to.noise * plan_.options.s_noise);
  }

  // Of the step between its two calls.
  at::Tensor begin_;
  at::Tensor first_draw_;
};

}  // namespace

std::unique_ptr<Sampler> make_dpmpp_sde(SamplerPlan plan) {
  return std::make_unique<DpmppSde>(plan);
}

}  // namespace furrow::engine::diffusion
