// SD3Transformer2DModel: one forward pass.

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/golden_runner/families.h"
#include "worker/engine/model/transformers.h"

namespace furrow::golden {

Verdict check_sd3_transformer(const Case& c) {
  const auto unsupported = engine::nn::MmditConfig::unsupported(c.model_config("transformer"));
  if (!unsupported.empty()) return Verdict::skip(fmt::format("{}", fmt::join(unsupported, ", ")));
  Verdict verdict;
  const auto transformer = engine::load_mmdit(c.model("transformer"), at::kFloat, at::kCPU);
  if (!transformer) {
    verdict.expect(false, transformer.error().message);
    return verdict;
  }
  verdict.compare(
      c, "out.sample",
      (*transformer)
          ->forward(c.tensor("in.hidden_states"), c.tensor("in.timestep"),
                    c.tensor("in.encoder_hidden_states"), c.tensor("in.pooled_projections")));
  return verdict;
}

}  // namespace furrow::golden
