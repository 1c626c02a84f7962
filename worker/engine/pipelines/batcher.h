#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "worker/engine/pipelines/denoise.h"

namespace furrow::engine::pipelines {

/// Continuous batching: the cells of one model and one latent shape that are being denoised. Every
/// tick asks the model once for all of them, whatever step each is at; cells join and leave between
/// ticks. Owned by the device thread.
class Batcher {
 public:
  using CellId = std::uint64_t;

  /// Requires: an id that is not in use, a started cell that is not finished.
  void add(CellId id, Denoising cell);

  /// Takes a cell out: finished, lost or no longer wanted. Requires: it is here.
  Denoising remove(CellId id);

  bool is_empty() const { return cells_.empty(); }

  std::size_t size() const { return cells_.size(); }

  /// Requires: it is here.
  const Denoising& at(CellId id) const { return cells_.at(id); }

  /// One call to the model for every cell, in as few forward passes as `most_rows` and the lengths
  /// of the prompts allow. Finished, broken and torn cells stay until they are removed and are
  /// skipped. Throws what libtorch throws; each cell then has advanced by one call, or not at all,
  /// or is torn, and another tick may be tried for the others.
  void tick(const Denoiser& denoiser);

  /// The most rows of one forward pass (a guided cell has two or more, and is never split).
  std::int64_t most_rows() const { return most_rows_; }

  void set_most_rows(std::int64_t rows) { most_rows_ = rows; }

 private:
  std::map<CellId, Denoising> cells_;  // by id: oldest first
  std::int64_t most_rows_ = 64;
};

}  // namespace furrow::engine::pipelines
