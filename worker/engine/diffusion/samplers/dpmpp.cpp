#include "worker/engine/diffusion/samplers/dpmpp.h"

#include <ATen/ATen.h>

namespace furrow::engine::diffusion {
namespace {

/// Short runs end in a first-order step: a second-order one overshoots there.
constexpr int kShortRun = 15;

}  // namespace

at::Tensor DpmSolver::noised(const at::Tensor& latent, const at::Tensor& noise, int call) const {
  const Mix mix = Mix::of_sigma(sigma_of(call));
  return latent * mix.alpha + noise * mix.sigma;
}

bool DpmSolver::is_first_order() const {
  const SchedulerConfig& config = plan_.config;
  const bool has_previous = previous_call_ >= 0 && previous_call_ == call_ - 1;
  if (config.solver_order == 1 || !has_previous) return true;
  if (call_ != call_count() - 1) return false;
  return config.euler_at_final || (config.lower_order_final && step_count() < kShortRun) ||
         config.final_sigma == FinalSigma::Zero;
}

at::Tensor DpmSolver::next_latent(const at::Tensor& output, const DrawNoise& draw) {
  const auto& sigmas = plan_.schedule.sigmas;
  const auto i = level_of(call_);
  Step step{Mix::of_sigma(sigmas[i]), Mix::of_sigma(sigmas[i + 1]), 0, {}, {}};
  step.h = step.t.lambda() - step.s.lambda();

  denoised_ = denoised_preserving(plan_.config.prediction, latent_, output, step.s);
  if (plan_.config.thresholding) denoised_ = thresholded(denoised_, plan_.config);
  step.D0 = denoised_;
  if (!is_first_order()) {
    const double h_previous = step.s.lambda() - Mix::of_sigma(sigmas[i - 1]).lambda();
    const double r = h_previous / step.h;
    step.D1 = (denoised_ - previous_denoised_) / r;
  }
  previous_denoised_ = denoised_;
  previous_call_ = call_;
  return take(step, draw);
}

}  // namespace furrow::engine::diffusion
