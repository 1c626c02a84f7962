// T5's encoder, with and without a mask, and what distance adds to its scores.

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/golden_runner/families.h"
#include "worker/engine/model/transformers.h"

namespace furrow::golden {

Verdict check_t5(const Case& c) {
  const auto unsupported = engine::nn::T5Config::unsupported(c.model_config("text_encoder"));
  if (!unsupported.empty()) return Verdict::skip(fmt::format("{}", fmt::join(unsupported, ", ")));
  Verdict verdict;
  const auto encoder = engine::load_t5(c.model("text_encoder"), at::kFloat, at::kCPU);
  if (!encoder) {
    verdict.expect(false, encoder.error().message);
    return verdict;
  }
  const auto compare_if_given = [&](const std::string& name, const at::Tensor& got) {
    if (c.has(name)) verdict.compare(c, name, got);
  };
  const auto ids = c.tensor("in.input_ids");
  const auto out = (*encoder)->forward(ids);
  for (std::size_t i = 0; i < out.hidden_states.size(); ++i) {
    compare_if_given(fmt::format("out.hidden_states.{}", i), out.hidden_states[i]);
  }
  compare_if_given(fmt::format("out.hidden_states.{}", out.hidden_states.size()),
                   out.last_hidden_state);
  compare_if_given("out.last_hidden_state", out.last_hidden_state);
  if (c.has("in.attention_mask")) {
    const auto masked = (*encoder)->forward(ids, c.tensor("in.attention_mask"));
    compare_if_given("out.last_hidden_state_masked", masked.last_hidden_state);
  }
  if (c.has("out.position_bias")) {
    // Only as many positions as the case gives.
    const auto tokens = c.tensor("out.position_bias").size(-1);
    verdict.compare(c, "out.position_bias", (*encoder)->position_bias(tokens));
  }
  return verdict;
}

}  // namespace furrow::golden
