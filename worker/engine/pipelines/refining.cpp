#include "worker/engine/pipelines/refining.h"

#include <cmath>

#include <fmt/format.h>

#include "worker/engine/diffusion/trained_noise.h"

namespace furrow::engine::pipelines {

namespace {

/// The trained timestep that the first call of a step meets.
double trained_timestep(const diffusion::Sampler& sampler, int step) {
  const int call = sampler.first_call_of(step);
  const diffusion::SamplerPlan& plan = sampler.plan();
  return plan.config.continuous_timesteps
             ? diffusion::timestep_of_sigma(sampler.sigma_of(call), plan.trained)
             : sampler.timestep_of(call);
}

Result<void> check_share(double share) {
  if (share > 0 && share < 1) return {};
  return fail(ErrorKind::Invalid,
              fmt::format("refiner: it takes over at {} of the run, which must lie between 0 and 1",
                          share));
}

Unexpected leaves_nothing(const char* to_whom, double share, int steps) {
  return fail(ErrorKind::Invalid,
              fmt::format("refiner: taking over at {} of {} steps it leaves {} none to do; take "
                          "more steps or another share",
                          share, steps, to_whom));
}

}  // namespace

int first_step_after(const diffusion::Sampler& sampler, double share) {
  const double trained = sampler.plan().config.num_train_timesteps;
  const double timestep = std::nearbyint(trained - share * trained);
  int step = 0;
  while (step < sampler.step_count() && trained_timestep(sampler, step) >= timestep) ++step;
  return step;
}

Result<void> end_after(Denoising& cell, double share) {
  FURROW_TRY_VOID(check_share(share));
  const int steps = cell.sampler->step_count();
  const int step = first_step_after(*cell.sampler, share);
  if (step >= steps) return leaves_nothing("the refiner", share, steps);
  const int end = cell.sampler->first_call_of(step);
  if (end <= cell.sampler->call()) return leaves_nothing("the model before it", share, steps);
  cell.end_call = end;
  return {};
}

Result<void> begin_refining(Denoising& cell, const at::Tensor& latent, double share) {
  FURROW_TRY_VOID(check_share(share));
  const int steps = cell.sampler->step_count();
  const int step = first_step_after(*cell.sampler, share);
  if (step >= steps) return leaves_nothing("the refiner", share, steps);
  cell.first_call = cell.sampler->first_call_of(step);
  cell.sampler->start(latent, cell.first_call);
  return {};
}

}  // namespace furrow::engine::pipelines
