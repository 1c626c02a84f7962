#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace furrow::prompt {

/// Words that stand for embeddings (textual inversion). Each has one id for every vector of its
/// embedding, behind those of the vocabulary: "style" with three vectors is the tokens "style",
/// "style_1", "style_2".
class AddedTokens {
 public:
  /// @param first_id  what the first token gets: the size of the text encoder's vocabulary
  explicit AddedTokens(std::int64_t first_id) : next_id_(first_id) {}

  /// Adds a token and gives the id of its first vector. Requires: vectors >= 1.
  /// Errors: Invalid for an empty token and for one that is there, however it is capitalised.
  Result<std::int64_t> add(std::string_view token, std::size_t vectors);

  bool empty() const { return ids_.empty(); }

  /// The text with the tokens of several vectors written out: "style" becomes
  /// "style style_1 style_2". As the user wrote them: capitals count. What is written out already
  /// stays.
  std::string expand(std::string_view text) const;

  struct Found {
    std::size_t at = 0;
    std::size_t length = 0;
    std::int64_t id = 0;
  };

  /// The first token in `normal_text` (see clip_text), the longest where several begin. At the
  /// text's end and with the length 0: none.
  Found find(std::string_view normal_text) const;

 private:
  std::int64_t next_id_;
  std::map<std::string, std::int64_t, std::less<>> ids_;     // normal form → id
  std::map<std::string, std::size_t, std::less<>> vectors_;  // as written → how many
};

}  // namespace furrow::prompt
