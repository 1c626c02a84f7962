#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/prompt/attention.h"
#include "common/prompt/tokenizer/bpe_tokenizer.h"

namespace furrow::prompt {

/// How far the end of a chunk may move back to a comma: A1111's default.
inline constexpr std::size_t kCommaBacktrack = 20;

/// As much of a prompt as a text encoder takes at once.
struct Chunk {
  /// How many of a chunk's tokens are of one fragment.
  struct Run {
    std::size_t fragment = 0;  ///< index into the fragments that were chunked
    std::size_t tokens = 0;

    bool operator==(const Run&) const = default;
  };

  std::vector<std::int64_t> ids;  ///< model_max_length of them: start, tokens, end, padding
  std::vector<double> weights;    ///< of each id; 1 but for tokens
  std::size_t tokens = 0;         ///< without start, end and padding
  std::vector<Run> runs;          ///< in the order of the tokens, whose number they add up to

  bool operator==(const Chunk&) const = default;
};

/// Fragments as chunks of up to model_max_length - 2 tokens, at least one. Each fragment is
/// tokenised by itself. A chunk that is full and whose last comma is one of its last
/// kCommaBacktrack tokens ends behind that comma, unless the next token is a comma as well (A1111's
/// rule). A break ends the chunk at once, also an empty one.
std::vector<Chunk> chunk_fragments(const BpeTokenizer& tokenizer,
                                   std::span<const Fragment> fragments);

}  // namespace furrow::prompt
