#include "worker/engine/pipelines/batcher.h"

#include <utility>

#include "common/base/check.h"

namespace furrow::engine::pipelines {

void Batcher::add(CellId id, Denoising cell) {
  FURROW_CHECK(!cell.is_finished(), "a cell joins with steps to do");
  const bool is_new = cells_.emplace(id, std::move(cell)).second;
  FURROW_CHECK(is_new, "a cell joins once");
}

Denoising Batcher::remove(CellId id) {
  const auto found = cells_.find(id);
  FURROW_CHECK(found != cells_.end(), "only a cell that is here can leave");
  Denoising cell = std::move(found->second);
  cells_.erase(found);
  return cell;
}

void Batcher::tick(const Denoiser& denoiser) {
  std::map<std::int64_t, std::vector<Denoising*>> by_length;
  for (auto& [id, cell] : cells_)
    if (!cell.is_broken && !cell.is_torn && !cell.is_finished())
      by_length[cell.tokens()].push_back(&cell);

  for (const auto& [length, cells] : by_length) {
    std::vector<Denoising*> together;
    std::int64_t rows = 0;
    for (Denoising* cell : cells) {
      if (!together.empty() && rows + cell->rows() > most_rows_) {
        denoise_together(denoiser, together);
        together.clear();
        rows = 0;
      }
      together.push_back(cell);
      rows += cell->rows();
    }
    denoise_together(denoiser, together);
  }
}

}  // namespace furrow::engine::pipelines
