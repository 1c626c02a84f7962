// FluxTransformer2DModel: one forward pass.

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/flux_input.h"
#include "worker/engine/model/transformers.h"

namespace furrow::golden {

Verdict check_flux_transformer(const Case& c) {
  const auto unsupported = engine::nn::FluxConfig::unsupported(c.model_config("transformer"));
  if (!unsupported.empty()) return Verdict::skip(fmt::format("{}", fmt::join(unsupported, ", ")));
  Verdict verdict;
  const auto transformer = engine::load_flux(c.model("transformer"), at::kFloat, at::kCPU);
  if (!transformer) {
    verdict.expect(false, transformer.error().message);
    return verdict;
  }
  verdict.compare(c, "out.sample", (*transformer)->forward(flux_input(c)));
  return verdict;
}

}  // namespace furrow::golden
