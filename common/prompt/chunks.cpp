#include "common/prompt/chunks.h"

#include <utility>

namespace furrow::prompt {

namespace {

/// The id of a comma as a word of its own, or -1.
std::int64_t comma_id(const BpeTokenizer& tokenizer) {
  const auto ids = tokenizer.encode(",");
  return ids.size() == 3 ? ids[1] : -1;
}

struct Token {
  std::int64_t id;
  double weight;
  std::size_t fragment;
};

class ChunkFiller {
 public:
  explicit ChunkFiller(const BpeTokenizer& tokenizer)
      : tokenizer_(tokenizer),
        room_(tokenizer.model_max_length() - 2),
        comma_(comma_id(tokenizer)) {}

  void add(const Token& token) {
    if (room_ == 0) return;  // an encoder of a start and an end
    const bool is_comma = token.id == comma_;
    if (tokens_.size() == room_) {
      const bool is_near = room_ - after_comma_ < kCommaBacktrack;
      close(!is_comma && after_comma_ > 0 && is_near ? after_comma_ : room_);
    }
    tokens_.push_back(token);
    if (is_comma) after_comma_ = tokens_.size();
  }

  void end_chunk() { close(tokens_.size()); }

  std::vector<Chunk> finish() && {
    if (!tokens_.empty() || chunks_.empty()) end_chunk();
    return std::move(chunks_);
  }

 private:
  /// Makes a chunk of the first `count` tokens; the others begin the next.
  void close(std::size_t count) {
    Chunk chunk;
    chunk.tokens = count;
    chunk.ids = {tokenizer_.bos_id()};
    chunk.weights = {1};
    for (std::size_t i = 0; i < count; ++i) {
      const Token& token = tokens_[i];
      chunk.ids.push_back(token.id);
      chunk.weights.push_back(token.weight);
      if (chunk.runs.empty() || chunk.runs.back().fragment != token.fragment)
        chunk.runs.push_back({token.fragment, 0});
      ++chunk.runs.back().tokens;
    }
    chunk.ids.push_back(tokenizer_.eos_id());
    chunk.ids.resize(room_ + 2, tokenizer_.pad_id());
    chunk.weights.resize(room_ + 2, 1);
    chunks_.push_back(std::move(chunk));
    tokens_.erase(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(count));
    after_comma_ = 0;
  }

  const BpeTokenizer& tokenizer_;
  const std::size_t room_;
  const std::int64_t comma_;
  std::vector<Chunk> chunks_;
  // Of the chunk being filled.
  std::vector<Token> tokens_;
  std::size_t after_comma_ = 0;  // where its last comma ends; 0: it has none
};

}  // namespace

std::vector<Chunk> chunk_fragments(const BpeTokenizer& tokenizer,
                                   std::span<const Fragment> fragments) {
  ChunkFiller filler(tokenizer);
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    if (fragments[i].is_break) {
      filler.end_chunk();
      continue;
    }
    const auto ids = tokenizer.encode(fragments[i].text);
    for (std::size_t at = 1; at + 1 < ids.size(); ++at)
      filler.add({ids[at], fragments[i].weight, i});
  }
  return std::move(filler).finish();
}

}  // namespace furrow::prompt
