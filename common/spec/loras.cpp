#include "common/spec/loras.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "common/prompt/comments.h"
#include "common/prompt/extra_networks.h"
#include "common/prompt/lora_tag.h"
#include "common/spec/model_choice.h"
#include "common/spec/possible_texts.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

/// Whether a tag of a LoRA may be in the text; most prompts have none and are not read.
bool may_name_loras(std::string_view text) {
  for (auto at = text.find('<'); at != text.npos; at = text.find('<', at + 1)) {
    const std::string kind = to_lower(text.substr(at + 1, 4));
    if (kind == "lora" || kind == "lyco") return true;
  }
  return false;
}

/// How many characters of UTF-8 begin in a text.
std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Finds the LoRAs of a sweep text by text, and resolves each name once.
class SweepReader {
 public:
  SweepReader(const Catalog& catalog, const std::vector<const v1::ModelOnDisk*>& models)
      : catalog_(catalog), models_(models) {}

  /// @param where  whose text it is, for sentences
  void read(std::string_view where, std::string_view text) {
    const auto named = loras_in(text);
    if (!named) return add_fault("{}: {}", where, named.error().message);
    for (const LoraInPrompt& lora : *named) {
      if (!seen_.insert(lora.name).second) continue;
      const auto found = find_lora(catalog_, lora.name);
      if (!found) {
        add_fault("{}, character {}, {}: {} {}", where, lora.position, in_quotes(lora.written),
                  in_quotes(lora.name), found.error().message);
        continue;
      }
      check_family(where, lora, **found);
      v1::ModelRef& ref = loras_[lora.name];
      ref.set_name(lora.name);
      ref.set_hash((*found)->model().hash());
    }
  }

  /// The engine refuses networks there, as they act on both.
  void read_negative(std::string_view text) {
    const auto named = loras_in(text);
    if (!named || named->empty() || std::exchange(told_of_negative_, true)) return;
    add_fault(
        "Negative prompt, character {}: {} names a LoRA, which acts on both prompts. Write it "
        "into the prompt.",
        named->front().position, in_quotes(named->front().written));
  }

  LorasOfSweep finish() && {
    LorasOfSweep result{{}, std::move(faults_)};
    for (auto& [name, ref] : loras_) result.loras.push_back(std::move(ref));
    return result;
  }

 private:
  void check_family(std::string_view where, const LoraInPrompt& lora,
                    const v1::ModelOnDisk& found) {
    for (const v1::ModelOnDisk* model : models_) {
      const bool fits = found.family().empty() || found.family() == model->family();
      if (fits) continue;
      add_fault(
          "{}, character {}, {}: the LoRA is for models of the family {}, and {} is of {}. "
          "Take another LoRA or another model.",
          where, lora.position, in_quotes(lora.written), found.family(), model->model().name(),
          model->family());
      return;
    }
  }

  template <typename... Args>
  void add_fault(fmt::format_string<Args...> format, Args&&... args) {
    faults_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  const Catalog& catalog_;
  const std::vector<const v1::ModelOnDisk*>& models_;
  std::set<std::string> seen_;
  std::map<std::string, v1::ModelRef> loras_;
  std::vector<std::string> faults_;
  bool told_of_negative_ = false;
};

/// "Prompt" of a single one, "Prompt 3" of many.
std::string place(std::string_view label, std::size_t i, std::size_t count) {
  return count == 1 ? std::string(label) : fmt::format("{} {}", label, i + 1);
}

}  // namespace

Result<std::vector<LoraInPrompt>> loras_in(std::string_view prompt) {
  std::vector<LoraInPrompt> loras;
  if (!may_name_loras(prompt)) return loras;
  FURROW_TRY(const prompt::Uncommented uncommented, prompt::remove_comments(prompt));
  FURROW_TRY(const prompt::Untagged untagged, prompt::remove_networks(uncommented.text));
  for (const prompt::NetworkTag& tag : untagged.networks) {
    if (!prompt::is_lora(tag)) continue;
    FURROW_TRY(const prompt::LoraTag lora, prompt::read_lora(tag));
    const bool is_chosen = lora.name.find_first_of("{}|") != std::string::npos;
    if (is_chosen) {
      return fail(ErrorKind::Invalid,
                  fmt::format("{}: the name of a LoRA cannot be a choice. Write a choice of whole "
                              "tags, {{<lora:a:1>|<lora:b:1>}}.",
                              in_quotes(tag.written)));
    }
    const auto at = std::min(prompt.find(tag.written), prompt.size());
    loras.push_back({lora.name, tag.written, character_count(prompt.substr(0, at)) + 1});
  }
  return loras;
}

LorasOfSweep loras_of_sweep(const SweptPrompts& swept,
                            const std::vector<std::string>& hires_prompts, const Catalog& catalog,
                            const std::vector<const v1::ModelOnDisk*>& models) {
  SweepReader reader(catalog, models);
  PossibleTexts texts(swept.prompts);
  PossibleTexts negative_texts(swept.negative_prompts);
  for (const std::vector<std::string>& values : swept.replacements) {
    // A prompt that becomes too long is told of with the axis (prompt_checks.h).
    if (!texts.replace(values) || !negative_texts.replace(values)) return {};
  }
  // Of a sweep too large to follow, what the last axes put in is looked at as it is written.
  if (!texts.is_complete()) {
    for (const std::string& prompt : swept.prompts) reader.read("Prompt", prompt);
    for (const auto& values : swept.replacements) {
      for (const std::string& value : values) reader.read("Axis \"Prompt S/R\"", value);
    }
  }
  const std::size_t count = texts.all().size();
  for (std::size_t i = 0; i < count; ++i) reader.read(place("Prompt", i, count), texts.all()[i]);
  for (const std::string& prompt : hires_prompts) reader.read("Hires prompt", prompt);
  for (const std::string& prompt : negative_texts.all()) reader.read_negative(prompt);
  return std::move(reader).finish();
}

void keep_named_loras(v1::Recipe& recipe) {
  if (recipe.loras_size() == 0) return;
  std::set<std::string> named;
  for (const std::string* prompt : {&recipe.prompt(), &recipe.hires().prompt()}) {
    const auto loras = loras_in(*prompt);
    if (!loras) continue;  // the engine says what is wrong with it
    for (const LoraInPrompt& lora : *loras) named.insert(lora.name);
  }
  auto& loras = *recipe.mutable_loras();
  const auto kept = std::remove_if(loras.begin(), loras.end(), [&](const v1::ModelRef& lora) {
    return !named.contains(lora.name());
  });
  loras.erase(kept, loras.end());
}

}  // namespace furrow::spec
