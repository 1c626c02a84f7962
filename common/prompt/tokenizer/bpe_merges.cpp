#include "common/prompt/tokenizer/bpe_merges.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <queue>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "common/base/utf8.h"
#include "common/prompt/tokenizer/byte_characters.h"

namespace furrow::prompt {

namespace {

std::uint64_t key_of(TokenId left, TokenId right) {
  return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
}

std::optional<TokenId> find_token(const Vocabulary& vocabulary, const std::string& token) {
  const auto found = vocabulary.find(token);
  return found == vocabulary.end() ? std::nullopt : std::optional(found->second);
}

// The word while it is being merged: symbols linked in order; one that was joined to its left
// neighbour is dead.
struct Symbol {
  TokenId id;
  std::ptrdiff_t previous;
  std::ptrdiff_t next;
  bool is_alive = true;
};

constexpr std::ptrdiff_t kNone = -1;

}  // namespace

Result<BpeMerges> BpeMerges::build(const Vocabulary& vocabulary,
                                   const std::vector<std::string>& merges, TokenId unknown) {
  BpeMerges bpe;
  const auto& characters = byte_characters();
  for (std::size_t byte = 0; byte < characters.size(); ++byte) {
    const auto& character = characters[byte];
    bpe.inner_[byte] = find_token(vocabulary, character).value_or(unknown);
    bpe.last_[byte] = find_token(vocabulary, character + std::string(kWordEnd)).value_or(unknown);
  }
  std::int32_t rank = 0;
  for (const auto& merge : merges) {
    const auto space = merge.find(' ');
    const auto left = merge.substr(0, space);
    const auto right = space == std::string::npos ? std::string() : merge.substr(space + 1);
    const auto left_id = find_token(vocabulary, left);
    const auto right_id = find_token(vocabulary, right);
    const auto result = find_token(vocabulary, left + right);
    if (!left_id || !right_id || !result) {
      return fail(ErrorKind::Invalid,
                  fmt::format("the merge \"{}\" is not of two tokens of the vocabulary that make a "
                              "third",
                              well_formed_utf8(merge)));
    }
    bpe.merges_.emplace(key_of(*left_id, *right_id), Merge{rank++, *result});
  }
  return bpe;
}

const BpeMerges::Merge* BpeMerges::find(TokenId left, TokenId right) const {
  const auto found = merges_.find(key_of(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

std::vector<TokenId> BpeMerges::encode(std::string_view word) const {
  const auto count = static_cast<std::ptrdiff_t>(word.size());
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const auto byte = static_cast<unsigned char>(word[static_cast<std::size_t>(i)]);
    const bool is_last = i + 1 == count;
    symbols.push_back({is_last ? last_[byte] : inner_[byte], i - 1, is_last ? kNone : i + 1});
  }
  const auto at = [&](std::ptrdiff_t i) -> Symbol& { return symbols[static_cast<std::size_t>(i)]; };

  // The pair that the list has first joins first; of equal ones the leftmost. A queue keeps this
  // O(n log n) for a "word" of a megabyte.
  using Candidate = std::tuple<std::int32_t, std::ptrdiff_t, TokenId>;  // rank, left symbol, result
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](std::ptrdiff_t left) {
    if (left == kNone || at(left).next == kNone) return;
    const auto* merge = find(at(left).id, at(at(left).next).id);
    if (merge != nullptr) queue.emplace(merge->rank, left, merge->result);
  };
  for (std::ptrdiff_t i = 0; i < count; ++i) consider(i);

  while (!queue.empty()) {
    const auto [rank, left, result] = queue.top();
    queue.pop();
    // The pair may be gone: one of it was joined to another neighbour since.
    if (!at(left).is_alive || at(left).next == kNone) continue;
    const auto right = at(left).next;
    const auto* merge = find(at(left).id, at(right).id);
    if (merge == nullptr || merge->rank != rank) continue;
    at(left).id = result;
    at(left).next = at(right).next;
    at(right).is_alive = false;
    if (at(left).next != kNone) at(at(left).next).previous = left;
    consider(at(left).previous);
    consider(left);
  }

  std::vector<TokenId> ids;
  for (std::ptrdiff_t i = count > 0 ? 0 : kNone; i != kNone; i = at(i).next)
    ids.push_back(at(i).id);
  return ids;
}

}  // namespace furrow::prompt
