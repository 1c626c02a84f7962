#include "common/spec/possible_texts.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/spec/plan.h"
#include "common/spec/prompt_edit.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

/// How many texts, and bytes in them, are followed through several S/R axes.
constexpr std::size_t kMostTexts = 4096;
constexpr std::size_t kMostBytes = 16 << 20;

}  // namespace

PossibleTexts::PossibleTexts(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) add(text);
}

std::size_t PossibleTexts::count_with(std::string_view search) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      texts_, [&](const std::string& text) { return text.find(search) != std::string::npos; }));
}

Result<void> PossibleTexts::replace(const std::vector<std::string>& values) {
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

Result<void> PossibleTexts::check_lengths(const std::vector<std::string>& values) const {
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

void PossibleTexts::add(std::string text) {
  bytes_ += text.size();
  if (texts_.size() >= kMostTexts || bytes_ > kMostBytes) {
    complete_ = false;
  } else {
    texts_.push_back(std::move(text));
  }
}

}  // namespace furrow::spec
