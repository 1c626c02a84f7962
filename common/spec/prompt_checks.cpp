#include "common/spec/prompt_checks.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/base/result.h"
#include "common/spec/possible_texts.h"
#include "common/spec/prompt_edit.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

void check_replacements(const SweptPrompts& swept, PromptFindings& findings) {
  std::vector<std::string> written = swept.prompts;
  written.insert(written.end(), swept.negative_prompts.begin(), swept.negative_prompts.end());
  PossibleTexts texts(written);
  for (const std::vector<std::string>& values : swept.replacements) {
    const std::string& search = values.front();
    const std::size_t found = texts.count_with(search);
    if (found == 0 && texts.is_complete()) {
      findings.faults.push_back(
          fmt::format("Axis \"Prompt S/R\", value 1: {} is neither in the prompt nor in the "
                      "negative prompt. The "
                      "first value is the text to search for; upper and lower case count.",
                      in_quotes(search)));
      continue;
    }
    if (const auto replaced = texts.replace(values); !replaced) {
      findings.faults.push_back(replaced.error().message);
      return;
    }
  }
}

/// With several prompts a search may miss some of them: legal, and worth a word.
void warn_of_partial_searches(const SweptPrompts& swept, PromptFindings& findings) {
  if (swept.replacements.empty() || swept.prompts.size() < 2) return;
  const std::string& search = swept.replacements.front().front();
  const auto has_it = [&](const std::string& text) { return text.find(search) != text.npos; };
  if (std::ranges::any_of(swept.negative_prompts, has_it)) return;
  const auto found = std::ranges::count_if(swept.prompts, has_it);
  if (found > 0 && found < std::ssize(swept.prompts)) {
    findings.warnings.push_back(
        fmt::format("Axis \"Prompt S/R\" finds {} in {} of {} prompts; in the others it changes "
                    "nothing.",
                    in_quotes(search), found, swept.prompts.size()));
  }
}

void check_phrases(const SweptPrompts& swept, PromptFindings& findings) {
  if (swept.phrases.empty()) return;
  const std::vector<std::string_view> phrases(swept.phrases.begin(), swept.phrases.end());
  for (const std::string& prompt : swept.prompts) {
    bool all_there = true;
    for (std::size_t i = 0; i < phrases.size(); ++i) {
      if (prompt.find(phrases[i]) != std::string::npos) continue;
      all_there = false;
      findings.faults.push_back(
          fmt::format("Axis \"Prompt order\", value {}: {} is not in the "
                      "prompt {}. Upper and lower case count.",
                      i + 1, in_quotes(phrases[i]), in_quotes(prompt)));
    }
    if (all_there && !place_phrases(prompt, phrases)) {
      findings.faults.push_back(fmt::format(
          "Axis \"Prompt order\": the phrases overlap in the prompt {}. Each needs a place of its "
          "own.",
          in_quotes(prompt)));
    }
  }
}

}  // namespace

PromptFindings check_swept_prompts(const SweptPrompts& swept) {
  PromptFindings findings;
  check_replacements(swept, findings);
  warn_of_partial_searches(swept, findings);
  check_phrases(swept, findings);
  return findings;
}

}  // namespace furrow::spec
