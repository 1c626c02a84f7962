// Latent consistency models: Luo et al. 2023 (arXiv:2310.04378). A step goes to the clean latent by
// the consistency function and adds noise anew for the next timestep:
//
//   denoised = c_skip x + c_out x0     c_skip = d^2 / (s^2 + d^2)   c_out = s / sqrt(s^2 + d^2)
//   x' = sqrt(a_next) denoised + sqrt(1 - a_next) z
//
// s is the timestep times timestep_scaling, d = 0.5. After the last step no noise is added.

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr double kSigmaData = 0.5;

class Lcm final : public TimestepSampler {
 public:
  explicit Lcm(SamplerPlan plan) : TimestepSampler(std::move(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    const double s = timestep() * plan_.config.timestep_scaling;
    const double norm = std::hypot(s, kSigmaData);
    const double c_skip = kSigmaData * kSigmaData / (norm * norm);
    const at::Tensor x0 = denoise(latent_, output, mix_of(call_));
    denoised_ = x0 * (s / norm) + latent_ * c_skip;
    if (call_ + 1 == call_count()) return denoised_;
    const Mix next = mix_of(call_ + 1);
    return denoised_ * next.alpha + draw() * (next.sigma * plan_.options.s_noise);
  }
};

}  // namespace

std::unique_ptr<Sampler> make_lcm(SamplerPlan plan) {
  return std::make_unique<Lcm>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
