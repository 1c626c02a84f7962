// Pseudo numerical methods for diffusion models: Liu et al. 2022 (arXiv:2202.09778), on the noise e
// and a pseudo step from timestep s to t, equation 11:
//
//   x' = sqrt(a_t / a_s) x - (a_t - a_s) e / (a_s sqrt(1 - a_t) + sqrt(a_s (1 - a_s) a_t))
//
// PLMS: e is the Adams-Bashforth mean of the last four; the first step is taken twice, the second
// time with the mean of its own noise and that of where it leads. Or, as in the paper, the first
// three steps are Runge-Kutta's of fourth order, four calls each, half a stride apart.
//
// An image-to-image run enters the list of calls where the reference's pipelines enter it, and
// begins there as at the start: the second call of PLMS then repeats the first step although its
// timestep is a stride further on.

#include <algorithm>
#include <cmath>
#include <deque>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr std::size_t kRungeKuttaSteps = 3;
constexpr std::size_t kStages = 4;

double stride_of(const SamplerPlan& plan) {
  return plan.config.num_train_timesteps / static_cast<int>(plan.schedule.timesteps.size());
}

/// The first timestep, the second twice, then the others.
std::vector<Call> plms_calls(const SamplerPlan& plan) {
  std::vector<Call> calls = one_call_a_step(plan.schedule);
  if (calls.size() < 2) return calls;
  Call again = calls[1];
  again.step = 0;
  calls.insert(calls.begin() + 1, again);
  return calls;
}

/// Three steps of s, s − h/2, s − h/2, s − h, then the others; s − h is the next timestep.
std::vector<Call> runge_kutta_calls(const SamplerPlan& plan) {
  const std::vector<Call> steps = one_call_a_step(plan.schedule);
  const int half = static_cast<int>(stride_of(plan)) / 2;
  const auto call_at = [&](std::size_t step, double timestep) {
    return Call{static_cast<int>(step), sigma_of_timestep(timestep, plan.trained), timestep};
  };
  std::vector<Call> calls;
  for (std::size_t i = 0; i < kRungeKuttaSteps; ++i) {
    const double next = steps[i + 1].timestep;
    for (const double t : {steps[i].timestep, next + half, next + half, next})
      calls.push_back(call_at(i, t));
  }
  calls.insert(calls.end(), steps.begin() + kRungeKuttaSteps, steps.end());
  return calls;
}

class Pndm final : public TimestepSampler {
 public:
  Pndm(const SamplerPlan& plan, std::vector<Call> calls, std::size_t runge_kutta_calls)
      : TimestepSampler(plan, std::move(calls)), runge_kutta_calls_(runge_kutta_calls) {}

  int first_call_of(int step) const override { return step; }

 private:
  /// From timestep s to t, which may lie behind the last one.
  at::Tensor transfer(const at::Tensor& x, const at::Tensor& output, double s, double t) const {
    const double a_s = alpha_cumprod(s);
    const double a_t = t >= 0 ? alpha_cumprod(t) : final_alpha_cumprod();
    const at::Tensor e = noise_of(plan_.config.prediction, x, output, mix_at(s));
    const double down = a_s * std::sqrt(1 - a_t) + std::sqrt(a_s * (1 - a_s) * a_t);
    return x * std::sqrt(a_t / a_s) - e * ((a_t - a_s) / down);
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    denoised_ = denoise(latent_, output, mix_of(call_));
    const at::Tensor x =
        counter_ < runge_kutta_calls_ ? runge_kutta(output) : linear_multistep(output);
    ++counter_;
    return x;
  }

  at::Tensor runge_kutta(const at::Tensor& output) {
    const std::size_t stage = counter_ % kStages;
    const double from = timestep_of(static_cast<int>(counter_ - stage));
    const double half = static_cast<int>(stride_of(plan_)) / 2;
    const double to = timestep() - (stage % 2 == 0 ? half : 0);
    if (stage == 0) {
      begin_ = latent_;
      sum_ = output / 6;
      outputs_.push_back(output);
      return transfer(begin_, output, from, to);
    }
    if (stage + 1 == kStages) return transfer(begin_, sum_ + output / 6, from, to);
    sum_ = sum_ + output / 3;
    return transfer(begin_, output, from, to);
  }

  at::Tensor linear_multistep(const at::Tensor& output) {
    const double stride = stride_of(plan_);
    if (counter_ == 1)  // the first step again
      return transfer(begin_, (output + outputs_.back()) / 2, timestep() + stride, timestep());
    if (outputs_.size() > 3) outputs_.pop_front();
    outputs_.push_back(output);
    if (counter_ == 0) begin_ = latent_;
    return transfer(latent_, mean(), timestep(), timestep() - stride);
  }

  /// Adams and Bashforth's, of as many as there are.
  at::Tensor mean() const {
    const auto e = [&](std::size_t back) { return outputs_[outputs_.size() - 1 - back]; };
    switch (outputs_.size()) {
      case 1:
        return e(0);
      case 2:
        return (e(0) * 3 - e(1)) / 2;
      case 3:
        return (e(0) * 23 - e(1) * 16 + e(2) * 5) / 12;
      default:
        return (e(0) * 55 - e(1) * 59 + e(2) * 37 - e(3) * 9) / 24;
    }
  }

  void forget() override {
    counter_ = 0;
    outputs_.clear();
  }

  const std::size_t runge_kutta_calls_;
  std::size_t counter_ = 0;         // calls of this run
  std::deque<at::Tensor> outputs_;  // of the last steps, the newest last
  at::Tensor begin_;                // of the step that takes several calls
  at::Tensor sum_;                  // of Runge-Kutta's weighted outputs
};

}  // namespace

std::unique_ptr<Sampler> make_pndm(SamplerPlan plan) {
  const bool is_short = plan.schedule.timesteps.size() <= kRungeKuttaSteps;
  if (plan.config.skip_prk_steps || is_short)
    return std::make_unique<Pndm>(plan, plms_calls(plan), 0);
  return std::make_unique<Pndm>(plan, runge_kutta_calls(plan), kRungeKuttaSteps * kStages);
}

}  // namespace furrow::engine::diffusion
