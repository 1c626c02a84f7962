#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>

#include "common/base/result.h"

namespace furrow::prompt {

/// What the ids of a tokenizer stand for, to show to people. Immutable; any thread.
class TokenTexts {
 public:
  /// Errors: as BpeTokenizer::load.
  static Result<TokenTexts> load(const std::filesystem::path& folder);

  /// The text that the ids spell, words apart by one space; bytes that spell no character, and ids
  /// that the vocabulary lacks, are U+FFFD. It is not the text that was encoded: that may have had
  /// upper case and other spaces.
  std::string spell(std::span<const std::int64_t> ids) const;

 private:
  std::unordered_map<std::int64_t, std::string> bytes_;  // a word's last token ends in a space
};

}  // namespace furrow::prompt
