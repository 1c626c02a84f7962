#include "tests/golden_runner/families/added_inputs.h"

#include <ATen/ATen.h>

namespace furrow::golden {

engine::nn::AddedConditioning added_inputs(const Case& c) {
  engine::nn::AddedConditioning added;
  if (c.has("in.text_embeds")) added.text_embeds = c.tensor("in.text_embeds");
  if (c.has("in.time_ids")) added.time_ids = c.tensor("in.time_ids");
  if (c.has("in.timestep_cond")) added.timestep_cond = c.tensor("in.timestep_cond");
  return added;
}

}  // namespace furrow::golden
