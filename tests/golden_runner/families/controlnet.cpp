// ControlNet: its residuals, and what a UNet makes of them.

#include <string>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/added_inputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/networks.h"

namespace furrow::golden {

Verdict check_controlnet(const Case& c) {
  Verdict verdict;
  const auto controlnet =
      or_throw(engine::load_controlnet(c.model("controlnet"), at::kFloat, at::kCPU));
  const auto sample = c.tensor("in.sample");
  const auto timestep = c.tensor("in.timestep");
  const auto prompt = c.tensor("in.encoder_hidden_states");
  const auto embedded = controlnet->embed(c.tensor("in.controlnet_cond"));
  auto added = added_inputs(c);
  added.control = controlnet->forward(sample, timestep, prompt, embedded,
                                      {.scale = c.config.value("conditioning_scale", 1.0),
                                       .guess = c.config.value("guess_mode", false)},
                                      added);

  if (c.has("out.cond_embedding")) verdict.compare(c, "out.cond_embedding", embedded);
  for (std::size_t i = 0; i < added.control.down.size(); ++i) {
    verdict.compare(c, fmt::format("out.down.{}", i), added.control.down[i]);
  }
  verdict.compare(c, "out.mid", added.control.mid);
  if (!c.has("out.unet_sample")) return verdict;
  const auto unet = or_throw(engine::load_unet(c.model("unet"), at::kFloat, at::kCPU));
  verdict.compare(c, "out.unet_sample", unet->forward(sample, timestep, prompt, added));
  return verdict;
}

}  // namespace furrow::golden
