// Denoising diffusion probabilistic models: Ho et al. 2020 (arXiv:2006.11239), equations 7 and 11,
// for a step over several trained timesteps. a is the cumulative alpha, alpha = a / a_next.
//
//   x' = sqrt(a_next) (1 - alpha) / (1 - a) x0 + sqrt(alpha) (1 - a_next) / (1 - a) x
//        + sqrt(variance) z
//
// The variance is (1 - a_next) / (1 - a) (1 - alpha), or, as its upper bound, 1 - alpha. Noise is
// drawn unless the timestep is 0.

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr double kLeastVariance = 1e-20;

class Ddpm final : public TimestepSampler {
 public:
  explicit Ddpm(SamplerPlan plan) : TimestepSampler(std::move(plan)) {}

 private:
  double variance(double a, double a_next) const {
    const double beta = 1 - a / a_next;
    switch (plan_.config.variance) {
      case Variance::FixedSmall:
        return std::max((1 - a_next) / (1 - a) * beta, kLeastVariance);
      case Variance::FixedLarge:
        return beta;
    }
    return 0;
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    const double a = alpha_cumprod(timestep());
    const double a_next = ends_run() ? 1 : alpha_cumprod(timestep_of(call_ + 1));
    const double alpha = a / a_next;
    denoised_ = denoise(latent_, output, mix_of(call_));
    const at::Tensor x = denoised_ * (std::sqrt(a_next) * (1 - alpha) / (1 - a)) +
                         latent_ * (std::sqrt(alpha) * (1 - a_next) / (1 - a));
    if (timestep() == 0) return x;
    return x + draw() * (std::sqrt(variance(a, a_next)) * plan_.options.s_noise);
  }

  bool ends_run() const { return call_ + 1 == call_count(); }
};

}  // namespace

std::unique_ptr<Sampler> make_ddpm(SamplerPlan plan) {
  return std::make_unique<Ddpm>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
