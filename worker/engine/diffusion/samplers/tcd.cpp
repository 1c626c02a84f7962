// Trajectory consistency distillation: Zheng et al. 2024 (arXiv:2402.19159), its strategic
// stochastic sampling. A step goes along the trajectory further than asked, to the timestep
// s = (1 - eta) t_next, and noise brings it up to t_next:
//
//   x_s = sqrt(a_s) x0 + sqrt(1 - a_s) eps
//   x'  = sqrt(a_next / a_s) x_s + sqrt(1 - a_next / a_s) z
//
// With eta 0, and in the last step, nothing is drawn.

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr double kEta = 0.3;

class Tcd final : public TimestepSampler {
 public:
  explicit Tcd(SamplerPlan plan) : TimestepSampler(std::move(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    const double eta = plan_.options.eta.value_or(kEta);
    const bool is_last = call_ + 1 == call_count();
    const double next = is_last ? 0 : timestep_of(call_ + 1);
    const double s = std::floor((1 - eta) * next);
    const Mix from = mix_of(call_);
    denoised_ = denoised_mixed(plan_.config.prediction, latent_, output, from);
    const at::Tensor eps = noise_of(plan_.config.prediction, latent_, output, from);
    const at::Tensor x_s = denoised_ * mix_at(s).alpha + eps * mix_at(s).sigma;
    if (is_last || eta == 0) return x_s;
    const double ratio = alpha_cumprod(next) / alpha_cumprod(s);
    return x_s * std::sqrt(ratio) + draw() * (std::sqrt(1 - ratio) * plan_.options.s_noise);
  }
};

}  // namespace

std::unique_ptr<Sampler> make_tcd(SamplerPlan plan) {
  return std::make_unique<Tcd>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
