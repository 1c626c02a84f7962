#include "common/prompt/tokenizer/added_tokens.h"

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/prompt/tokenizer/clip_words.h"

namespace furrow::prompt {

namespace {

std::string part_name(std::string_view token, std::size_t i) {
  return i == 0 ? std::string(token) : fmt::format("{}_{}", token, i);
}

}  // namespace

Result<std::int64_t> AddedTokens::add(std::string_view token, std::size_t vectors) {
  FURROW_CHECK(vectors >= 1, "an embedding has a vector");
  const auto normal = clip_text(token);
  if (normal.empty() || normal == " ") {
    return fail(ErrorKind::Invalid, "An embedding has no name, so no prompt can ask for it.");
  }
  for (std::size_t i = 0; i < vectors; ++i) {
    if (ids_.count(clip_text(part_name(token, i))) == 0) continue;
    return fail(ErrorKind::Invalid,
                fmt::format("Two embeddings are called \"{}\". Rename one of the files.", token));
  }
  const auto first = next_id_;
  for (std::size_t i = 0; i < vectors; ++i) {
    ids_.emplace(clip_text(part_name(token, i)), next_id_++);
  }
  for (std::size_t i = 0; i < vectors; ++i) {
    vectors_.emplace(part_name(token, i), i == 0 ? vectors : 1);
  }
  return first;
}

std::string AddedTokens::expand(std::string_view text) const {
  std::string expanded;
  while (!text.empty()) {
    std::string_view token;
    for (const auto& [name, vectors] : vectors_) {
      const bool begins = text.substr(0, name.size()) == name;
      if (begins && name.size() > token.size()) token = name;
    }
    if (token.empty()) {
      expanded += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto vectors = vectors_.find(token)->second;
    for (std::size_t i = 0; i < vectors; ++i) {
      if (i > 0) expanded += ' ';
      expanded += part_name(token, i);
    }
    text.remove_prefix(token.size());
  }
  return expanded;
}

AddedTokens::Found AddedTokens::find(std::string_view text) const {
  Found first = {text.size(), 0, 0};
  for (const auto& [token, id] : ids_) {
    const auto at = text.find(token);
    if (at < first.at || (at == first.at && token.size() > first.length)) {
      first = {at, token.size(), id};
    }
  }
  return first;
}

}  // namespace furrow::prompt
