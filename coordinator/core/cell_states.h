#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/ids.h"

namespace furrow::core {

/// Where a cell is. Untouched cells are pending, or cancelled when their job is; nothing is stored
/// for them, neither here nor in the database.
///
///   Untouched ─┬─lease──▶ Leased ──result──▶ Done
///   Pending ───┘            │ └──failed for good──▶ Failed
///      ▲ ▲ └─same recipe is there──▶ Cached
///      │ └──try again───────┘
///      └──retried by a person── Failed, Cancelled ◀──job cancelled── Untouched, Pending, Leased
enum class CellStatus : std::uint8_t {
  Untouched,
  Pending,  ///< touched before
  Leased,
  Done,
  Cached,
  Failed,
  Cancelled,
};

/// The status of every cell of a job, one byte each, in chunks that are made when first written to.
class CellStates {
 public:
  CellStates() = default;

  explicit CellStates(std::uint64_t cells) : chunks_((cells + kChunkCells - 1) / kChunkCells) {}

  CellStatus get(CellIndex cell) const {
    const auto& chunk = chunks_[cell.value / kChunkCells];
    return chunk ? (*chunk)[cell.value % kChunkCells] : CellStatus::Untouched;
  }

  void set(CellIndex cell, CellStatus status);

  /// Calls `visit(CellIndex, CellStatus)` for every touched cell, in order of index.
  template <typename Visit>
  void for_each_touched(Visit visit) const {
    for (std::size_t c = 0; c < chunks_.size(); ++c) {
      if (!chunks_[c]) continue;
      for (std::size_t i = 0; i < kChunkCells; ++i) {
        const CellStatus status = (*chunks_[c])[i];
        if (status != CellStatus::Untouched) visit(CellIndex{c * kChunkCells + i}, status);
      }
    }
  }

 private:
  static constexpr std::size_t kChunkCells = 4096;
  using Chunk = std::array<CellStatus, kChunkCells>;
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace furrow::core
