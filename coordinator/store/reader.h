#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "coordinator/core/restored.h"
#include "furrow/v1/client.pb.h"

namespace furrow::store {

/// Answers questions from the database over its own connection, which can neither write nor
/// checkpoint. It sees what is committed, so it may be a moment behind the core.
///
/// Each Reader is used by one thread; make one a thread.
class Reader {
 public:
  /// Requires: Database::open has made the file in `folder`.
  static Result<Reader> open(const std::filesystem::path& folder);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  /// The largest page that cells() gives.
  static constexpr std::uint32_t kMaxPage = 10'000;

  struct CellPage {
    std::vector<v1::CellView> cells;  ///< by index; without `attempts`, `step` and `steps`
    std::uint64_t next = 0;  ///< where the next page starts; the job's total when this is the last
  };

  /// Cells from index `first` on, touched or not, at most `limit` (0 or more than kMaxPage:
  /// kMaxPage), in one of `states` (empty: all). Leased cells have the worker's name. Error
  /// NotFound: no such job.
  Result<CellPage> cells(JobId job, std::uint64_t first, std::uint32_t limit,
                         const std::vector<v1::CellState>& states);

  /// One cell with its failed attempts. `recipe_hash` is empty until the cell has a result: the
  /// grid knows it. Error NotFound: no such job, or the index is past its end.
  Result<v1::CellView> cell(CellKey cell);

  /// The plan and the sweep as submitted. Error NotFound.
  Result<v1::Plan> plan(JobId job);
  Result<v1::JobSpec> spec(JobId job);

  /// A job as its row has it (no rate, no ETA, no reason for waiting). Error NotFound.
  Result<v1::JobView> job(JobId job);

  /// The cells of a job that is over, for Core::on_job_retried. Error NotFound.
  Result<core::RestoredCells> restored_cells(JobId job);

  struct State;  ///< connection and statements; for the files of this room

 private:
  explicit Reader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace furrow::store
