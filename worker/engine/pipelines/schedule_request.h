#pragma once

#include <ATen/core/Tensor.h>

#include "worker/engine/diffusion/schedule.h"
#include "worker/engine/diffusion/scheduler_config.h"
#include "worker/engine/pipelines/denoiser.h"

namespace furrow::engine::pipelines {

/// What a network's runs ask of a schedule. Networks of flow matching want the levels shifted by
/// how many tokens the picture is (Esser et al. 2024, arXiv:2403.03206, section 5.3.2).
///
/// @param latent  the latent's shape, [1, C, h, w]
diffusion::ScheduleRequest schedule_request(const DenoiserTraits& network,
                                            const diffusion::SchedulerConfig& scheduler, int steps,
                                            at::IntArrayRef latent);

}  // namespace furrow::engine::pipelines
