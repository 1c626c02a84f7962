// UNet2DConditionModel: one forward pass.

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/golden_runner/families.h"
#include "worker/engine/model/stable_diffusion.h"

namespace furrow::golden {

Verdict check_unet(const Case& c) {
  const auto unsupported = engine::nn::UNetConfig::unsupported(c.model_config("unet"));
  if (!unsupported.empty()) return Verdict::skip(fmt::format("{}", fmt::join(unsupported, ", ")));
  Verdict verdict;
  const auto unet = engine::load_unet(c.model("unet"), at::kFloat, at::kCPU);
  if (!unet) {
    verdict.expect(false, unet.error().message);
    return verdict;
  }
  verdict.compare(c, "out.sample",
                  (*unet)->forward(c.tensor("in.sample"), c.tensor("in.timestep"),
                                   c.tensor("in.encoder_hidden_states")));
  return verdict;
}

}  // namespace furrow::golden
