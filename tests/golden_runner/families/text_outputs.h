#pragma once

#include <string>

#include "tests/golden_runner/case.h"
#include "tests/golden_runner/verdict.h"
#include "worker/engine/nn/clip_text.h"

namespace furrow::golden {

/// Compares what a text encoder gives with as much of it as the case has: last_hidden_state,
/// penultimate, pooler_output, text_embeds, each between `prefix` and `suffix`.
void compare_text_outputs(const Case& c, Verdict& verdict, const std::string& prefix,
                          const engine::nn::ClipTextOutput& out, const std::string& suffix = "");

}  // namespace furrow::golden
