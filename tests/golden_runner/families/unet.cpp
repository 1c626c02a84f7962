// UNet2DConditionModel: one forward pass.

#include <ATen/ATen.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/added_inputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/networks.h"

namespace furrow::golden {

Verdict check_unet(const Case& c) {
  Verdict verdict;
  const auto unet = or_throw(engine::load_unet(c.model("unet"), at::kFloat, at::kCPU));
  verdict.compare(c, "out.sample",
                  unet->forward(c.tensor("in.sample"), c.tensor("in.timestep"),
                                c.tensor("in.encoder_hidden_states"), added_inputs(c)));
  return verdict;
}

}  // namespace furrow::golden
