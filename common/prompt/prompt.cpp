#include "common/prompt/prompt.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/utf8.h"
#include "common/prompt/attention.h"
#include "common/prompt/comments.h"
#include "common/prompt/composition.h"
#include "common/prompt/limits.h"
#include "common/prompt/text.h"

namespace furrow::prompt {

namespace {

class PromptReader {
 public:
  explicit PromptReader(const PromptSource& source)
      : source_(source),
        is_negative_(source.side == Side::Negative),
        generator_(is_negative_ ? ~source.seed : source.seed) {}

  Result<Prompt> read() && {
    prompt_.text = well_formed_utf8(source_.text);
    FURROW_TRY_VOID(check_size());
    FURROW_TRY_VOID(remove_comments_and_merge_styles());
    FURROW_TRY_VOID(take_all_choices());
    FURROW_TRY_VOID(check_size());
    FURROW_TRY(const std::string untagged, read_networks());
    FURROW_TRY_VOID(read_parts(untagged));
    return std::move(prompt_);
  }

 private:
  Result<void> check_size() const {
    if (prompt_.text.size() <= kMaxPromptBytes) return {};
    return fail(ErrorKind::Invalid, fmt::format("it is longer than {} bytes.", kMaxPromptBytes));
  }

  Result<void> remove_comments_and_merge_styles() {
    FURROW_TRY(Uncommented uncommented, remove_comments(prompt_.text));
    prompt_.text = std::move(uncommented.text);
    prompt_.comments = std::move(uncommented.comments);
    for (const Style* style : source_.styles) {
      FURROW_TRY(prompt_.text,
                 merge_style(is_negative_ ? style->negative_prompt : style->prompt, prompt_.text));
    }
    return {};
  }

  Result<void> take_all_choices() {
    for (const Style* style : source_.styles) {
      FURROW_TRY(prompt_.text, take_words(prompt_.text, style->words, generator_, prompt_.choices));
    }
    static const WildcardBook kNoWildcards;
    const WildcardBook& book = source_.wildcards == nullptr ? kNoWildcards : *source_.wildcards;
    FURROW_TRY(prompt_.text, take_wildcards(prompt_.text, book, generator_, prompt_.choices));
    FURROW_TRY(prompt_.text, take_choices(prompt_.text, generator_, prompt_.choices));
    return {};
  }

  /// Takes the tags out and returns the text without them.
  Result<std::string> read_networks() {
    FURROW_TRY(Untagged untagged, remove_networks(prompt_.text));
    prompt_.networks = std::move(untagged.networks);
    for (const NetworkTag& tag : prompt_.networks) {
      if (is_negative_)
        return fail(ErrorKind::Invalid,
                    fmt::format("{}: networks are named in the prompt; they act on both.",
                                in_quotes(tag.written)));
      if (!is_lora(tag)) continue;
      FURROW_TRY(prompt_.loras.emplace_back(), read_lora(tag));
    }
    return std::move(untagged.text);
  }

  Result<void> read_parts(const std::string& untagged) {
    std::vector<WeightedText> texts = {{untagged}};
    if (!is_negative_) {
      FURROW_TRY(texts, split_composition(untagged));
    }
    for (const WeightedText& part : texts) {
      FURROW_TRY(Schedule schedule, parse_schedule(part.text, source_.pass));
      for (const std::string& text : schedule.texts) FURROW_TRY_VOID(parse_attention(text));
      prompt_.parts.push_back({part.weight, std::move(schedule)});
    }
    return {};
  }

  const PromptSource& source_;
  const bool is_negative_;
  ChoiceGenerator generator_;
  Prompt prompt_;
};

}  // namespace

Result<Prompt> read_prompt(const PromptSource& source) {
  auto prompt = PromptReader(source).read();
  if (prompt) return prompt;
  return fail(prompt.error().kind,
              fmt::format("{}: {}", source.side == Side::Negative ? "negative prompt" : "prompt",
                          prompt.error().message));
}

}  // namespace furrow::prompt
