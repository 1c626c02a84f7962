#include "coordinator/core/cell_states.h"

namespace furrow::core {

void CellStates::set(CellIndex cell, CellStatus status) {
  auto& chunk = chunks_[cell.value / kChunkCells];
  if (!chunk) chunk = std::make_unique<Chunk>();
  (*chunk)[cell.value % kChunkCells] = status;
}

}  // namespace furrow::core
