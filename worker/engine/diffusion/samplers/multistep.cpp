#include "worker/engine/diffusion/samplers/multistep.h"

namespace furrow::engine::diffusion {
namespace {

constexpr int kShortRun = 15;

}  // namespace

Mix MultistepSampler::level(std::size_t i) const {
  const double sigma = plan_.schedule.sigmas[i];
  return plan_.config.is_flow ? Mix::of_flow(sigma) : Mix::of_sigma(sigma);
}

at::Tensor MultistepSampler::noise(const at::Tensor& output) {
  denoised_ = denoise(latent_, output, mix());
  if (plan_.config.thresholding) return noise_in(latent_, denoised_, mix());
  return noise_of(plan_.config.prediction, latent_, output, mix());
}

void MultistepSampler::remember(at::Tensor value, int order) {
  past_.push_front(std::move(value));
  if (past_.size() > static_cast<std::size_t>(order)) past_.pop_back();
}

bool MultistepSampler::is_short() const {
  return step_count() < kShortRun;
}

int MultistepSampler::solver_order() const {
  const int wanted = plan_.options.solver_order;
  return wanted > 0 ? wanted : plan_.config.solver_order;
}

}  // namespace furrow::engine::diffusion
