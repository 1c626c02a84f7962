// IP-Adapter: tokens of pictures, and what a UNet makes of them.

#include <ATen/ATen.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/added_inputs.h"
#include "tests/golden_runner/families/pipeline_inputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/networks.h"

namespace furrow::golden {

Verdict check_ip_adapter(const Case& c) {
  if (c.has("out.latents")) return check_picture_prompt_pipeline(c);
  Verdict verdict;
  const auto adapter =
      or_throw(engine::load_ip_adapter(c.folder / "ip_adapter.safetensors", at::kFloat, at::kCPU));
  const auto unet = or_throw(engine::load_unet(c.model("unet"), at::kFloat, at::kCPU));
  const auto tokens = adapter->tokens(c.tensor("in.image_embeds"));
  auto added = added_inputs(c);
  added.image_prompts = {adapter->prompt(tokens, c.config.value("scale", 1.0))};

  if (c.has("out.image_tokens")) verdict.compare(c, "out.image_tokens", tokens);
  verdict.compare(c, "out.sample",
                  unet->forward(c.tensor("in.sample"), c.tensor("in.timestep"),
                                c.tensor("in.encoder_hidden_states"), added));
  return verdict;
}

}  // namespace furrow::golden
