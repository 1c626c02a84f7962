// CLIP's text encoder: every hidden state, the pooled row, the projection.

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/text_outputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/stable_diffusion.h"

namespace furrow::golden {

Verdict check_clip_text(const Case& c) {
  const auto unsupported = engine::nn::ClipTextConfig::unsupported(c.model_config("text_encoder"));
  if (!unsupported.empty()) return Verdict::skip(fmt::format("{}", fmt::join(unsupported, ", ")));
  Verdict verdict;
  const auto encoder =
      or_throw(engine::load_clip_text(c.model("text_encoder"), at::kFloat, at::kCPU));
  const auto out = encoder->forward(c.tensor("in.input_ids"));
  const auto compare_if_given = [&](const std::string& name, const at::Tensor& got) {
    if (c.has(name)) verdict.compare(c, name, got);
  };
  for (std::size_t i = 0; i < out.hidden_states.size(); ++i) {
    compare_if_given(fmt::format("out.hidden_states.{}", i), out.hidden_states[i]);
  }
  compare_text_outputs(c, verdict, "out.", out);
  const auto& penultimate = out.hidden_states.at(out.hidden_states.size() - 2);
  compare_if_given("out.penultimate_final_layer_norm", encoder->final_layer_norm(penultimate));
  return verdict;
}

}  // namespace furrow::golden
