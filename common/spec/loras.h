#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/spec/plan.h"
#include "common/spec/prompt_checks.h"
#include "furrow/v1/recipe.pb.h"

/// The LoRAs that prompts name: <lora:NAME:0.8> (common/prompt/lora_tag.h).
///
/// A plan's base has every one that some cell may name, a cell's recipe those of its own prompts.
/// In both they have the names of the tags, in their order, and the hashes of what the catalog has
/// by them. A tag within a choice, {<lora:a:1>|<lora:b:1>}, counts whether or not it is chosen.
/// What comes out of wildcards and styles is not known here: the engine refuses a LoRA that is in
/// no recipe.
namespace furrow::spec {

/// A tag of a prompt.
struct LoraInPrompt {
  std::string name;
  std::string written;       ///< the whole tag
  std::size_t position = 0;  ///< of the tag: which character, from 1
};

/// Every LoRA that a prompt as written names, in its order. Errors: Invalid, a sentence, for a tag
/// that cannot be read, or whose name is left to a choice or a wildcard.
Result<std::vector<LoraInPrompt>> loras_in(std::string_view prompt);

struct LorasOfSweep {
  std::vector<v1::ModelRef> loras;  ///< by their names, each once
  std::vector<std::string> faults;  ///< whole sentences
};

/// The LoRAs of all prompts of a sweep. One that the catalog does not have, or that is made for
/// another family of models, is a fault.
/// @param hires_prompts  the prompts of the second run, which no axis replaces in
/// @param models         that some cell renders with
LorasOfSweep loras_of_sweep(const SweptPrompts& swept,
                            const std::vector<std::string>& hires_prompts, const Catalog& catalog,
                            const std::vector<const v1::ModelOnDisk*>& models);

/// Leaves of a recipe's LoRAs those that its prompts name.
void keep_named_loras(v1::Recipe& recipe);

}  // namespace furrow::spec
