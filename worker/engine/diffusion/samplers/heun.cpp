// Heun's method on the probability-flow ODE: Karras et al. 2022 (arXiv:2206.00364), algorithm 1.
// A step asks the model twice: for the slope d at sigma, and, after an Euler step, for the slope d'
// at sigma_next; it then goes along their mean. The last step, to 0, has no second slope.
//
//   x_euler = x + d dt       x' = x + (d + d') / 2 dt        dt = sigma_next - sigma
//
// Calls: 0 is the first slope of step 0, 1 its second, 2 the first of step 1, …

#include <ATen/ATen.h>

#include "worker/engine/diffusion/prediction.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class Heun final : public ExplodingSampler {
 public:
  using ExplodingSampler::ExplodingSampler;

  int call_count() const override { return 2 * step_count() - 1; }

  int first_call_of(int step) const override { return 2 * step; }

  int steps_done() const override { return (call_ + 1) / 2; }

 private:
  std::size_t level_of(int call) const override { return static_cast<std::size_t>(call + 1) / 2; }

  at::Tensor slope(const at::Tensor& output) {
    const SchedulerConfig& config = plan_.config;
    denoised_ = denoised_exploding(config.prediction, latent_, output, sigma());
    if (config.clip_sample)
      denoised_ = denoised_.clamp(-config.clip_sample_range, config.clip_sample_range);
    return (latent_ - denoised_) / sigma();
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    const bool is_first = call_ % 2 == 0;
    if (is_first) {
      x_ = latent_;
      d_ = slope(output);
      dt_ = sigma(1) - sigma();
      return x_ + d_ * dt_;
    }
    return x_ + (d_ + slope(output)) * (0.5 * dt_);
  }

  // Of the step between its two calls.
  at::Tensor x_;
  at::Tensor d_;
  double dt_ = 0;
};

}  // namespace

std::unique_ptr<Sampler> make_heun(SamplerPlan plan) {
  return std::make_unique<Heun>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
