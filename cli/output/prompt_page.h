#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/output/console.h"
#include "cli/output/json.h"
#include "common/prompt/prompt.h"

namespace furrow::cli {

/// A prompt and what a text encoder takes of it.
struct ExplainedPrompt {
  /// Tokens of one weight.
  struct Piece {
    std::string text;
    double weight = 1;
    std::size_t tokens = 0;
  };

  struct Chunk {
    std::size_t tokens = 0;
    std::vector<Piece> pieces;
  };

  /// One text of a schedule.
  using Chunks = std::vector<Chunk>;

  prompt::Prompt prompt;
  prompt::Side side = prompt::Side::Positive;
  std::uint64_t seed = 0;
  int steps = 0;
  std::size_t chunk_room = 0;               ///< the most tokens of a chunk
  std::vector<std::vector<Chunks>> chunks;  ///< of each part, of each text of its schedule
};

/// furrow.prompt/1.
Json prompt_json(const ExplainedPrompt& explained);

/// The same for people.
std::string prompt_page(const ExplainedPrompt& explained, const Terminal& terminal);

}  // namespace furrow::cli
