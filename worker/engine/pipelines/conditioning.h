#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "common/prompt/prompt.h"
#include "furrow/v1/recipe.pb.h"
#include "worker/engine/pipelines/text_conditioning.h"

/// From the texts of a recipe to what the model is conditioned on, step by step.
namespace furrow::engine::pipelines {

/// The conditioning of one prompt over the steps of a run. Tensors are shared, not copied.
class ScheduledConditioning {
 public:
  /// None at all.
  ScheduledConditioning() = default;

  /// The same at every step: states [1, T, D].
  ScheduledConditioning(TextConditioning text) { add(1, std::move(text)); }

  ScheduledConditioning(at::Tensor states)
      : ScheduledConditioning(TextConditioning(std::move(states))) {}

  /// What holds up to and with step `until` (from 1). Requires: `until` rises, all are of one
  /// shape.
  void add(int until, TextConditioning text) { spans_.push_back({until, std::move(text)}); }

  bool defined() const { return !spans_.empty(); }

  /// T. Requires: defined().
  std::int64_t tokens() const { return spans_.front().text.states.size(1); }

  /// What `step` (from 0) is conditioned on; behind the last span as in it.
  /// Requires: defined().
  const TextConditioning& at(int step) const;

 private:
  struct Span {
    int until;
    TextConditioning text;
  };

  std::vector<Span> spans_;
};

/// One of the prompts that a cell is composed of.
struct WeightedConditioning {
  ScheduledConditioning prompt;
  double weight = 1;
};

/// The prompts of a cell as the model takes them, all of one length.
struct Conditioning {
  std::vector<WeightedConditioning> positives;
  ScheduledConditioning negative;  ///< none when guidance needs none

  /// Of all its prompts together.
  double total_weight() const;
};

/// Both prompts of a recipe, read.
struct RecipePrompts {
  prompt::Prompt positive;
  prompt::Prompt negative;
};

/// Reads them with the recipe's seed and steps.
///
/// @param steps_before  of a second run: the steps of the first, which schedules count on from
/// Errors: Invalid: as prompt::read_prompt, and for tags of networks that are no LoRAs.
Result<RecipePrompts> read_prompts(const v1::Recipe& recipe, int steps_before = 0);

/// Encodes one text, states [1, T, D]; a cache may stand behind it.
using EncodeText = std::function<Result<TextConditioning>(const std::string& text)>;

struct ConditionOptions {
  double guidance_scale = 1;
  bool needs_negative = false;  ///< whatever the guidance scale (diffusion::needs_negative)
  bool zeros_for_empty_negative = false;  ///< SDXL's force_zeros_for_empty_prompt
};

/// Encodes every text that the prompts become over the steps, each once, and makes all of them
/// equally long: the texts of a prompt, and the positive and the negative ones, with the
/// conditioning of the empty text behind the shorter; prompts that are composed, by repeating the
/// last token's state. As A1111 does.
Result<Conditioning> condition(const RecipePrompts& prompts, const ConditionOptions& options,
                               const EncodeText& encode);

}  // namespace furrow::engine::pipelines
