#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/result.h"

namespace furrow::prompt {

using TokenId = std::int32_t;
using Vocabulary = std::unordered_map<std::string, TokenId>;

/// Byte pair encoding of single words, byte-level: a word's bytes are its first symbols, the last
/// one marked as a word's end, and pairs of neighbours join in the order of a list of merges.
/// Immutable; any thread.
class BpeMerges {
 public:
  /// @param merges   pairs "left right" as merges.txt has them, the first joins first
  /// @param unknown  stands for a byte that the vocabulary lacks
  ///
  /// Errors: Invalid when a merge names or makes a token that the vocabulary lacks.
  static Result<BpeMerges> build(const Vocabulary& vocabulary,
                                 const std::vector<std::string>& merges, TokenId unknown);

  /// The ids of a word. Requires: `word` is not empty.
  std::vector<TokenId> encode(std::string_view word) const;

 private:
  struct Merge {
    std::int32_t rank;
    TokenId result;
  };

  BpeMerges() = default;

  const Merge* find(TokenId left, TokenId right) const;

  std::array<TokenId, 256> inner_{};                 // a byte within a word
  std::array<TokenId, 256> last_{};                  // a byte at a word's end
  std::unordered_map<std::uint64_t, Merge> merges_;  // left id, right id in 64 bits
};

}  // namespace furrow::prompt
