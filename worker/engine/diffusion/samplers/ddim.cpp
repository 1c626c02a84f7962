// Denoising diffusion implicit models: Song et al. 2021 (arXiv:2010.02502), equations 12 and 16.
//
//   variance = eta^2 (1 - a_next) / (1 - a) (1 - a / a_next)
//   x' = sqrt(a_next) x0 + sqrt(1 - a_next - variance) eps + sqrt(variance) z
//
// a is the cumulative alpha. With eta 0 nothing is drawn. On the model's own spacing a step goes
// N / n trained timesteps down, whether or not the next step begins exactly there; along a curve it
// goes to the next sigma.

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class Ddim final : public TimestepSampler {
 public:
  explicit Ddim(SamplerPlan plan) : TimestepSampler(std::move(plan)) {
    for (std::size_t i = 0; i < plan_.schedule.timesteps.size(); ++i) {
      from_.push_back(alpha_at(i));
      to_.push_back(alpha_after(i));
    }
  }

 private:
  bool is_spaced() const { return plan_.config.curve == SigmaCurve::Spaced; }

  double alpha_of_sigma(std::size_t i) const {
    const double sigma = plan_.schedule.sigmas[i];
    return 1 / (1 + sigma * sigma);
  }

  double alpha_at(std::size_t i) const {
    return is_spaced() ? alpha_cumprod(plan_.schedule.timesteps[i]) : alpha_of_sigma(i);
  }

  double alpha_after(std::size_t i) const {
    if (!is_spaced())
      return i + 1 < plan_.schedule.timesteps.size() ? alpha_of_sigma(i + 1)
                                                     : final_alpha_cumprod();
    const int stride = plan_.config.num_train_timesteps / step_count();
    const int next = static_cast<int>(plan_.schedule.timesteps[i]) - stride;
    return next >= 0 ? alpha_cumprod(next) : final_alpha_cumprod();
  }

  Mix mix_of(int call) const override {
    return Mix::of_alpha_cumprod(from_[static_cast<std::size_t>(call)]);
  }

  /// The noise in the latent; the clipped clean latent leaves the prediction itself as it was.
  at::Tensor eps_of(const at::Tensor& output, Mix mix) const {
    if (plan_.options.use_clipped_model_output) return noise_in(latent_, denoised_, mix);
    return noise_of(plan_.config.prediction, latent_, output, mix);
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    const double a = from_[index()];
    const double a_next = to_[index()];
    const Mix mix = mix_of(call_);
    const double eta = plan_.options.eta.value_or(0);
    const double variance = eta * eta * (1 - a_next) / (1 - a) * (1 - a / a_next);

    denoised_ = denoise(latent_, output, mix);
    const at::Tensor eps = eps_of(output, mix);
    const at::Tensor x = denoised_ * std::sqrt(a_next) + eps * std::sqrt(1 - a_next - variance);
    return eta > 0 ? x + draw() * (std::sqrt(variance) * plan_.options.s_noise) : x;
  }

  // Constant after construction: the cumulative alpha before and after each step.
  std::vector<double> from_;
  std::vector<double> to_;
};

}  // namespace

std::unique_ptr<Sampler> make_ddim(SamplerPlan plan) {
  return std::make_unique<Ddim>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
