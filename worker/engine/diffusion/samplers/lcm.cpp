// Latent consistency models: Luo et al. 2023 (arXiv:2310.04378). A step goes to the clean latent by
// the consistency function and adds noise anew for the next timestep:
//
//   denoised = c_skip x + c_out x0     c_skip = d^2 / (s^2 + d^2)   c_out = s / sqrt(s^2 + d^2)
//   x' = sqrt(a_next) denoised + sqrt(1 - a_next) z
//
// s is the timestep times timestep_scaling, d = 0.5. After the last step no noise is added. UFOGen
// (Xu et al. 2023, arXiv:2311.09257) does the same with x0 itself.

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr double kSigmaData = 0.5;

class Lcm final : public TimestepSampler {
 public:
  Lcm(SamplerPlan plan, bool has_boundary)
      : TimestepSampler(std::move(plan)), has_boundary_(has_boundary) {}

 private:
  at::Tensor consistent(const at::Tensor& x0) const {
    if (!has_boundary_) return x0;
    const double s = timestep() * plan_.config.timestep_scaling;
    const double norm = std::hypot(s, kSigmaData);
    const double c_skip = kSigmaData * kSigmaData / (norm * norm);
    return x0 * (s / norm) + latent_ * c_skip;
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    denoised_ = consistent(denoise(latent_, output, mix_of(call_)));
    if (call_ + 1 == call_count()) return denoised_;
    const Mix next = mix_of(call_ + 1);
    return denoised_ * next.alpha + draw() * (next.sigma * plan_.options.s_noise);
  }

  const bool has_boundary_;
};

}  // namespace

std::unique_ptr<Sampler> make_lcm(SamplerPlan plan) {
  return std::make_unique<Lcm>(std::move(plan), true);
}

std::unique_ptr<Sampler> make_ufogen(SamplerPlan plan) {
  return std::make_unique<Lcm>(std::move(plan), false);
}

}  // namespace furrow::engine::diffusion
