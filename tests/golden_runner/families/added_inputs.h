#pragma once

#include <ATen/core/Tensor.h>

#include "tests/golden_runner/case.h"
#include "worker/engine/nn/added_conditioning.h"

namespace furrow::golden {

/// What the case gives beside sample, timestep and prompt: in.text_embeds, in.time_ids and
/// in.timestep_cond, as far as it has them.
engine::nn::AddedConditioning added_inputs(const Case& c);

}  // namespace furrow::golden
