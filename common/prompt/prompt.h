#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/prompt/choices.h"
#include "common/prompt/extra_networks.h"
#include "common/prompt/lora_tag.h"
#include "common/prompt/schedule.h"
#include "common/prompt/styles.h"
#include "common/prompt/wildcards.h"

namespace furrow::prompt {

enum class Side { Positive, Negative };

/// A prompt as written, and what decides what it says.
struct PromptSource {
  std::string_view text;
  Side side = Side::Positive;
  std::uint64_t seed = 0;  ///< the cell's: it decides the choices
  Pass pass = {};
  std::span<const Style* const> styles = {};  ///< in the order to merge them
  const WildcardBook* wildcards = nullptr;    ///< null: there are none
};

/// All that a prompt says.
struct Prompt {
  /// One of the prompts that it is composed of. What their texts weigh is parse_attention's.
  struct Part {
    double weight = 1;
    Schedule schedule;

    bool operator==(const Part&) const = default;
  };

  std::string text;  ///< without comments and tags, styles merged, choices taken; UTF-8
  std::vector<std::string> comments;
  std::vector<Choice> choices;       ///< in the order of the draws
  std::vector<NetworkTag> networks;  ///< every tag
  std::vector<LoraTag> loras;        ///< those of them that are LoRAs
  std::vector<Part> parts;           ///< at least one; more with AND

  bool operator==(const Prompt&) const = default;
};

/// Reads a prompt, in this order: comments, styles, their words, wildcards, choices, tags of
/// networks, AND, schedules, emphasis. Bytes that are no UTF-8 count as U+FFFD.
///
/// The choices of a prompt are drawn by ChoiceGenerator(seed), those of a negative prompt by
/// ChoiceGenerator(~seed), so that neither depends on what the other draws. In a negative prompt
/// AND is a word like any other (as in A1111).
///
/// Errors: Invalid, beginning with "prompt: " or "negative prompt: " and naming the place: whatever
/// the readers of the parts refuse, tags in a negative prompt (A1111: text), and more than
/// kMaxPromptBytes. Requires: as parse_schedule.
Result<Prompt> read_prompt(const PromptSource& source);

}  // namespace furrow::prompt
