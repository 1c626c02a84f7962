#include "worker/engine/attempt.h"

namespace furrow::engine {

namespace {

/// The step that the run began with.
int first_step(const pipelines::Denoising& denoising) {
  const diffusion::Sampler& sampler = *denoising.sampler;
  int step = 0;
  while (step < sampler.step_count() && sampler.first_call_of(step) < denoising.first_call) ++step;
  return step;
}

/// The step before which it ends.
int end_step(const pipelines::Denoising& denoising) {
  const diffusion::Sampler& sampler = *denoising.sampler;
  int step = sampler.step_count();
  while (denoising.end_call && step > 0 && sampler.first_call_of(step - 1) >= *denoising.end_call)
    --step;
  return step;
}

}  // namespace

int steps_of(const pipelines::Denoising& denoising) {
  return end_step(denoising) - first_step(denoising);
}

int steps_done(const pipelines::Denoising& denoising) {
  return denoising.sampler->steps_done() - first_step(denoising);
}

}  // namespace furrow::engine
