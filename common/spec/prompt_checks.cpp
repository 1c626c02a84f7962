#include "common/spec/prompt_checks.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/base/result.h"
#include "common/spec/plan.h"
#include "common/spec/prompt_edit.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

/// How many texts, and bytes in them, are followed through several S/R axes. Of a larger sweep the
/// first ones are followed, so only what is certain is a fault.
constexpr std::size_t kMostTexts = 4096;
constexpr std::size_t kMostBytes = 16 << 20;

/// What may stand in a prompt when the next S/R axis comes to it.
class PossibleTexts {
 public:
  explicit PossibleTexts(const SweptPrompts& swept) {
    for (const auto* texts : {&swept.prompts, &swept.negative_prompts}) {
      for (const std::string& text : *texts) add(text);
    }
  }

  std::size_t count() const { return texts_.size(); }

  /// Whether these are all texts there can be.
  bool is_complete() const { return complete_; }

  std::size_t count_with(std::string_view search) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        texts_, [&](const std::string& text) { return text.find(search) != std::string::npos; }));
  }

  /// Errors: Invalid, naming the value that makes a text longer than kMaxText. Nothing is then
  /// replaced.
  Result<void> replace(const std::vector<std::string>& values) {
    FURROW_TRY_VOID(check_lengths(values));
    const std::vector<std::string> before = std::exchange(texts_, {});
    bytes_ = 0;
    for (const std::string& text : before) {
      if (text.find(values.front()) == std::string::npos) {
        add(text);
        continue;
      }
      for (const std::string& value : values) {
        if (!complete_) return {};
        add(replace_all(text, values.front(), value));
      }
    }
    return {};
  }

 private:
  Result<void> check_lengths(const std::vector<std::string>& values) const {
    for (const std::string& text : texts_) {
      const std::size_t places = count_of(text, values.front());
      const std::size_t rest = text.size() - places * values.front().size();
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t size = rest + places * values[i].size();
        if (size <= kMaxText) continue;
        return fail(ErrorKind::Invalid,
                    fmt::format("Axis \"Prompt S/R\", value {}: {} makes a prompt of {} bytes; at "
                                "most {} are taken.",
                                i + 1, in_quotes(values[i]), size, kMaxText));
      }
    }
    return {};
  }

  void add(std::string text) {
    bytes_ += text.size();
    if (texts_.size() >= kMostTexts || bytes_ > kMostBytes) {
      complete_ = false;
    } else {
      texts_.push_back(std::move(text));
    }
  }

  std::vector<std::string> texts_;
  std::size_t bytes_ = 0;
  bool complete_ = true;
};

void check_replacements(const SweptPrompts& swept, PromptFindings& findings) {
  PossibleTexts texts(swept);
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
