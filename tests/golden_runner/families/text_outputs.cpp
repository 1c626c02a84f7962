#include "tests/golden_runner/families/text_outputs.h"

#include <string_view>

#include <ATen/ATen.h>

namespace furrow::golden {

void compare_text_outputs(const Case& c, Verdict& verdict, const std::string& prefix,
                          const engine::nn::ClipTextOutput& out, const std::string& suffix) {
  const auto compare_if_given = [&](std::string_view what, const at::Tensor& got) {
    const auto name = prefix + std::string(what) + suffix;
    if (c.has(name)) verdict.compare(c, name, got);
  };
  compare_if_given("last_hidden_state", out.last_hidden_state);
  compare_if_given("penultimate", out.hidden_states.at(out.hidden_states.size() - 2));
  compare_if_given("pooler_output", out.pooler_output);
  compare_if_given("text_embeds", out.text_embeds.value_or(at::Tensor()));
}

}  // namespace furrow::golden
