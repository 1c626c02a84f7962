#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/spec/grid.h"
#include "coordinator/core/cell_states.h"
#include "coordinator/core/counts.h"
#include "coordinator/core/rate_meter.h"
#include "coordinator/core/restored.h"
#include "coordinator/core/retry_policy.h"
#include "coordinator/scheduler/lanes.h"

namespace furrow::core {

/// What is remembered of a cell that came back from a lease without a picture.
struct Trouble {
  std::uint32_t attempt = 0;  ///< the newest
  Failures failures;
  std::uint32_t vanished = 0;    ///< workers that went away while rendering it
  std::vector<WorkerKey> avoid;  ///< workers that failed on it
  Instant elsewhere_until;       ///< until then they get it only when nobody else can
};

/// The pending cells of one lane, by where they wait.
struct Lane {
  scheduler::Needs needs;
  std::uint64_t pending = 0;  ///< all that are pending, wherever they wait
  std::uint64_t next = 0;  ///< untouched cells are from this one on (some further ones are touched)
  std::vector<CellIndex> ready;  ///< tried before and due again; the last is the next
};

struct JobFacts {
  JobId id;
  std::string name;
  std::string owner;
  std::int32_t priority = 0;
  std::string client_token;
  UnixMillis created_at;
  UnixMillis finished_at;
  v1::JobState state = v1::JOB_STATE_PENDING;
  double render_seconds = 0;
  std::uint64_t generation = 1;
};

/// One sweep: where each of its cells is, and in which order the pending ones go.
///
/// Always: counts() are the sum over the cells, and each lane's `pending` the sum over its own. A
/// job that has long been over has counts only; `is_loaded` says so, and then nothing but its facts,
/// counts, is_waiting() and is_settled() may be asked.
class Job {
 public:
  JobFacts facts;
  RateMeter rate;

  /// A new job, every cell untouched.
  Job(JobFacts job_facts, std::shared_ptr<const spec::Grid> grid);
  /// A job that is over, of an earlier life.
  Job(JobFacts job_facts, const Counts& counts);

  /// Takes over cells from the database. Counts are made anew from them. Returns the cells that are
  /// leased there: the caller must lease them here, or put them back.
  std::vector<TouchedCell> load(const RestoredCells& restored, bool untouched_cancelled);
  /// Lets go of everything but facts and counts. Requires: the job is over.
  void unload();

  bool is_loaded() const { return grid_ != nullptr; }

  const std::shared_ptr<const spec::Grid>& grid() const { return grid_; }

  const Counts& counts() const { return counts_; }

  bool contains(CellIndex cell) const { return cell.value < counts_.total; }

  /// Never Untouched once the job is cancelled: such a cell is Cancelled.
  CellStatus status(CellIndex cell) const;
  /// The cell was touched before and is pending.
  bool is_waiting(CellIndex cell) const;
  /// Nothing more happens to the cell by itself.
  bool is_settled(CellIndex cell) const;
  /// The newest attempt that was ever given to this cell; 0: none. Requires: `leased` is the
  /// attempt of its lease, if it has one.
  std::uint32_t newest_attempt(CellIndex cell, std::optional<std::uint32_t> leased) const;

  /// The cell goes from where it is to `to`, and is counted there.
  void move(CellIndex cell, CellStatus to);
  /// Everything pending or leased is cancelled. The untouched cells cost nothing.
  void cancel();
  /// Everything failed or cancelled is pending again, with no failures on record.
  void reopen();

  Trouble* find_trouble(CellIndex cell);

  Trouble& trouble(CellIndex cell) { return troubles_[cell]; }

  void forget_trouble(CellIndex cell) { troubles_.erase(cell); }

  // Queues of pending cells.

  scheduler::LaneId lane_of(CellIndex cell) const { return map_->lane_of(cell.value); }

  std::vector<Lane>& lanes() { return lanes_; }

  const std::vector<Lane>& lanes() const { return lanes_; }

  /// A pending cell that was touched before is due. Requires: status Pending.
  void make_ready(CellIndex cell) { lanes_[lane_of(cell)].ready.push_back(cell); }

  /// The next untouched cell of the lane in render order. Skips what was touched, for good.
  std::optional<scheduler::LaneMap::Place> peek_untouched(scheduler::LaneId lane);
  /// Some cell may be there to be picked at once. Looking for it settles the question: lanes that
  /// turn out to have none are skipped from then on.
  bool has_work() const;

 private:
  std::uint64_t& bucket(CellStatus status);
  void count_lanes();

  std::shared_ptr<const spec::Grid> grid_;
  std::optional<scheduler::LaneMap> map_;
  std::vector<Lane> lanes_;
  Counts counts_;
  CellStates states_;
  bool untouched_cancelled_ = false;
  std::unordered_map<CellIndex, Trouble> troubles_;  // few: cells that ran smoothly have none
};

}  // namespace furrow::core
