#include "worker/engine/pipelines/conditioning.h"

#include <algorithm>
#include <map>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/diffusion/guidance.h"

namespace furrow::engine::pipelines {

namespace {

/// Bounds what a schedule is read for; more steps than any sampler takes.
constexpr std::uint32_t kMostSteps = 1 << 20;

/// The texts of a cell, encoded, each once.
class EncodedTexts {
 public:
  explicit EncodedTexts(const EncodeText& encode) : encode_(encode) {}

  Result<TextConditioning> of(const std::string& text) {
    if (const auto found = known_.find(text); found != known_.end()) return found->second;
    FURROW_TRY(const TextConditioning encoded, encode_(text));
    known_.emplace(text, encoded);
    return encoded;
  }

 private:
  const EncodeText& encode_;
  std::map<std::string, TextConditioning> known_;
};

/// The texts of one prompt, each in the place that it has in the schedule.
using Texts = std::vector<TextConditioning>;

std::int64_t longest(const Texts& texts) {
  std::int64_t tokens = 0;
  for (const TextConditioning& text : texts) tokens = std::max(tokens, text.states.size(1));
  return tokens;
}

/// Makes texts `tokens` long with the conditioning of the empty text behind them, which itself is
/// one chunk, as all are some.
Result<void> pad(Texts& texts, std::int64_t tokens, EncodedTexts& encoded) {
  for (auto& [states, pooled] : texts) {
    if (states.size(1) == tokens) continue;
    FURROW_TRY(const TextConditioning empty, encoded.of(""));
    const std::int64_t missing = (tokens - states.size(1)) / empty.states.size(1);
    states = at::cat({states, empty.states.repeat({1, missing, 1})}, 1);
  }
  return {};
}

/// Makes texts `tokens` long by repeating the state of their last token.
void extend(Texts& texts, std::int64_t tokens) {
  for (auto& [states, pooled] : texts) {
    const std::int64_t have = states.size(1);
    if (have == tokens) continue;
    const at::Tensor last = states.narrow(1, have - 1, 1);
    states = at::cat({states, last.expand({-1, tokens - have, -1})}, 1);
  }
}

/// The texts of a part, all as long as the longest.
Result<Texts> encode_part(const prompt::Prompt::Part& part, EncodedTexts& encoded) {
  Texts texts;
  for (const std::string& text : part.schedule.texts) {
    FURROW_TRY(texts.emplace_back(), encoded.of(text));
  }
  FURROW_TRY_VOID(pad(texts, longest(texts), encoded));
  return texts;
}

/// Texts of nothing become zeros.
void clear_empty(const prompt::Schedule& schedule, Texts& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (schedule.texts[i].empty()) texts[i] = zeros_like(texts[i]);
}

ScheduledConditioning scheduled(const prompt::Schedule& schedule, const Texts& texts) {
  ScheduledConditioning conditioning;
  for (const prompt::Schedule::Span& span : schedule.spans)
    conditioning.add(span.until, texts[span.text]);
  return conditioning;
}

bool needs_negative(const prompt::Prompt& positive, double guidance_scale) {
  double total = 0;
  for (const prompt::Prompt::Part& part : positive.parts) total += part.weight;
  return diffusion::needs_negative(guidance_scale, total);
}

}  // namespace

const TextConditioning& ScheduledConditioning::at(int step) const {
  const auto span = std::find_if(spans_.begin(), spans_.end(),
                                 [&](const Span& candidate) { return step < candidate.until; });
  return span == spans_.end() ? spans_.back().text : span->text;
}

double Conditioning::total_weight() const {
  double total = 0;
  for (const WeightedConditioning& positive : positives) total += positive.weight;
  return total;
}

Result<RecipePrompts> read_prompts(const v1::Recipe& recipe, int steps_before) {
  const prompt::Pass pass = {.steps = static_cast<int>(std::clamp(recipe.steps(), 1U, kMostSteps)),
                             .steps_before = steps_before};
  RecipePrompts prompts;
  FURROW_TRY(prompts.positive,
             prompt::read_prompt({.text = recipe.prompt(), .seed = recipe.seed(), .pass = pass}));
  FURROW_TRY(prompts.negative, prompt::read_prompt({.text = recipe.negative_prompt(),
                                                    .side = prompt::Side::Negative,
                                                    .seed = recipe.seed(),
                                                    .pass = pass}));
  for (const prompt::NetworkTag& network : prompts.positive.networks) {
    if (prompt::is_lora(network)) continue;
    return fail(
        ErrorKind::Invalid,
        fmt::format("prompt: {} asks for a network that is no LoRA, which this engine cannot "
                    "load; take the tag out to render without it",
                    network.written));
  }
  return prompts;
}

Result<Conditioning> condition(const RecipePrompts& prompts, const ConditionOptions& options,
                               const EncodeText& encode) {
  EncodedTexts encoded(encode);
  const auto& parts = prompts.positive.parts;
  std::vector<Texts> positives;
  std::int64_t tokens = 0;
  for (const prompt::Prompt::Part& part : parts) {
    FURROW_TRY(positives.emplace_back(), encode_part(part, encoded));
    tokens = std::max(tokens, longest(positives.back()));
  }
  for (Texts& texts : positives) extend(texts, tokens);

  Conditioning conditioning;
  if (options.needs_negative || needs_negative(prompts.positive, options.guidance_scale)) {
    const prompt::Prompt::Part& part = prompts.negative.parts.front();
    FURROW_TRY(Texts negative, encode_part(part, encoded));
    tokens = std::max(tokens, longest(negative));
    FURROW_TRY_VOID(pad(negative, tokens, encoded));
    for (Texts& texts : positives) FURROW_TRY_VOID(pad(texts, tokens, encoded));
    if (options.zeros_for_empty_negative) clear_empty(part.schedule, negative);
    conditioning.negative = scheduled(part.schedule, negative);
  }
  for (std::size_t i = 0; i < parts.size(); ++i)
    conditioning.positives.push_back({scheduled(parts[i].schedule, positives[i]), parts[i].weight});
  return conditioning;
}

}  // namespace furrow::engine::pipelines
