#pragma once

#include "tests/golden_runner/case.h"
#include "worker/engine/nn/flux.h"

namespace furrow::golden {

/// The arguments of a Flux transformer under the names that the cases give them.
inline engine::nn::FluxInput flux_input(const Case& c) {
  return {.latents = c.tensor("in.hidden_states"),
          .prompt = c.tensor("in.encoder_hidden_states"),
          .pooled = c.tensor("in.pooled_projections"),
          .timesteps = c.tensor("in.timestep"),
          .guidance = c.has("in.guidance") ? c.tensor("in.guidance") : at::Tensor(),
          .image_ids = c.tensor("in.img_ids"),
          .text_ids = c.tensor("in.txt_ids")};
}

}  // namespace furrow::golden
