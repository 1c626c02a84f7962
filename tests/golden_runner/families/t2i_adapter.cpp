// T2I-Adapter: its features, and what a UNet makes of them.

#include <string>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/added_inputs.h"
#include "tests/golden_runner/families/pipeline_inputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/networks.h"

namespace furrow::golden {

Verdict check_t2i_adapter(const Case& c) {
  if (c.has("out.latents")) return check_adapter_pipeline(c);
  Verdict verdict;
  const auto adapter = or_throw(engine::load_t2i_adapter(c.model("adapter"), at::kFloat, at::kCPU));
  auto added = added_inputs(c);
  for (const auto& feature : adapter->forward(c.tensor("in.image"))) {
    verdict.compare(c, fmt::format("out.feature.{}", added.adapter_features.size()), feature);
    added.adapter_features.push_back(feature * c.config.value("adapter_conditioning_scale", 1.0));
  }
  if (!c.has("out.unet_sample")) return verdict;
  const auto unet = or_throw(engine::load_unet(c.model("unet"), at::kFloat, at::kCPU));
  verdict.compare(c, "out.unet_sample",
                  unet->forward(c.tensor("in.sample"), c.tensor("in.timestep"),
                                c.tensor("in.encoder_hidden_states"), added));
  return verdict;
}

}  // namespace furrow::golden
