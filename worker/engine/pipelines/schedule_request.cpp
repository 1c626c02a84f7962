#include "worker/engine/pipelines/schedule_request.h"

#include "worker/engine/diffusion/flow_sigmas.h"
#include "worker/engine/diffusion/sigma_curve.h"

namespace furrow::engine::pipelines {

diffusion::ScheduleRequest schedule_request(const DenoiserTraits& network,
                                            const diffusion::SchedulerConfig& scheduler, int steps,
                                            at::IntArrayRef latent) {
  diffusion::ScheduleRequest request;
  request.steps = steps;
  if (!scheduler.is_flow) return request;
  const auto tokens = (latent[2] / network.patch) * (latent[3] / network.patch);
  request.mu = diffusion::shift_of_image(scheduler.flow, tokens);
  // A curve that picks from the trained levels spaces them itself.
  const bool is_spaced =
      scheduler.curve == diffusion::SigmaCurve::Spaced || diffusion::has_ends(scheduler.curve);
  if (network.spaces_sigmas_evenly && is_spaced && steps > 0)
    request.sigmas = diffusion::linspace(1, 1.0 / steps, steps);
  return request;
}

}  // namespace furrow::engine::pipelines
