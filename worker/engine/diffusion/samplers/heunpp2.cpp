// Heun++: "improved Heun" of ComfyUI and Forge (HeunPP2), with up to three slopes a step: at sigma,
// at sigma_next after an Euler step, and one step further on, weighted by their levels.
//
//   w = 3 sigma_0     w_2 = sigma_next / w     w_3 = sigma_nextnext / w     w_1 = 1 - w_2 - w_3
//   x' = x_hat + (w_1 d + w_2 d_2 + w_3 d_3) (sigma_next - sigma_hat)
//
// The last step but one has only d and d_2 (w = 2 sigma_0), the last is Euler's.

#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

std::vector<Call> heunpp2_calls(const SamplerPlan& plan) {
  const auto& schedule = plan.schedule;
  std::vector<Call> calls;
  for (const Call& first : one_call_a_step(schedule)) {
    calls.push_back(first);
    const auto next = static_cast<std::size_t>(first.step) + 1;
    for (std::size_t i = next; i < std::min(next + 2, schedule.timesteps.size()); ++i)
      calls.push_back({first.step, schedule.sigmas[i], schedule.timesteps[i]});
  }
  return calls;
}

class HeunPp2 final : public SigmaSampler {
 public:
  explicit HeunPp2(const SamplerPlan& plan) : SigmaSampler(plan, heunpp2_calls(plan)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    if (begins_step()) {
      from_ = churned(draw, plan_.schedule.timesteps.size());
      slopes_ = {churned_slope(from_, output)};
    } else {
      slopes_.push_back(slope(latent_, output, sigma_of(call_)));
    }
    if (!ends_step() && begins_step()) return from_.x + slopes_[0] * (sigma(1) - from_.sigma_hat);
    if (!ends_step()) return latent_ + slopes_[1] * (sigma(2) - sigma(1));
    return from_.x + mean() * (sigma(1) - from_.sigma_hat);
  }

  at::Tensor mean() const {
    const double whole = static_cast<double>(slopes_.size()) * plan_.schedule.sigmas.front();
    double first = 1;
    at::Tensor sum = at::zeros_like(slopes_[0]);
    for (std::size_t i = 1; i < slopes_.size(); ++i) {
      const double weight = sigma(static_cast<int>(i)) / whole;
      sum = sum + slopes_[i] * weight;
      first -= weight;
    }
    return sum + slopes_[0] * first;
  }

  // Of the step so far.
  Churned from_;
  std::vector<at::Tensor> slopes_;
};

}  // namespace

std::unique_ptr<Sampler> make_heunpp2(SamplerPlan plan) {
  return std::make_unique<HeunPp2>(plan);
}

}  // namespace furrow::engine::diffusion
