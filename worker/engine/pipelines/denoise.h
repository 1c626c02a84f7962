#pragma once

#include <span>

#include "worker/engine/pipelines/denoiser.h"
#include "worker/engine/pipelines/denoising.h"

namespace furrow::engine::pipelines {

/// Asks the network about all `cells`, each at its own timestep, in as few forward passes as their
/// kinds of conditioning allow, and advances each by one call.
///
/// Requires: every cell started and not finished, all latents of one shape. A cell's result does
/// not depend on the others, up to rounding. Throws what libtorch throws; then no cell was
/// advanced.
void denoise_together(const Denoiser& denoiser, std::span<Denoising* const> cells);

}  // namespace furrow::engine::pipelines
