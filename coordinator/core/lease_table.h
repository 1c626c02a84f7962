#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/base/ids.h"
#include "furrow/v1/engine.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::core {

/// The promise of one attempt of a cell to one worker.
///
/// It belongs to a session while the worker is connected. When the worker is gone, or since our own
/// restart, `session` is 0 and the worker may come back for it until `grace_until`.
struct Lease {
  std::uint32_t attempt = 0;
  WorkerKey worker;
  SessionId session;
  Digest recipe_hash;
  Instant granted;
  Instant grace_until;    ///< while session is 0
  Instant last_progress;  ///< the newest step or phase; `granted` before the first
  v1::Phase phase = v1::PHASE_UNSPECIFIED;  ///< UNSPECIFIED: no progress yet
  std::uint32_t step = 0;
  std::uint32_t steps = 0;
  double step_seconds = 0;      ///< average of this attempt; 0: no step measured yet
  bool from_last_life = false;  ///< not adopted since our restart: nobody is blamed if it is lost

  bool is_started() const { return phase != v1::PHASE_UNSPECIFIED; }

  /// Takes in a progress message. What does not move it on (an older step, a repetition) changes
  /// nothing: a lease is kept by progress, not by being spoken of. Returns whether it moved.
  bool advance(const v1::Progress& progress, Instant now);
};

/// Every lease there is, at most one a cell.
class LeaseTable {
 public:
  Lease* find(CellKey cell) {
    const auto it = leases_.find(cell);
    return it == leases_.end() ? nullptr : &it->second;
  }

  const Lease* find(CellKey cell) const {
    const auto it = leases_.find(cell);
    return it == leases_.end() ? nullptr : &it->second;
  }

  /// Requires: the cell has no lease.
  Lease& grant(CellKey cell, Lease lease);

  void drop(CellKey cell) { leases_.erase(cell); }

  std::size_t size() const { return leases_.size(); }

  auto begin() { return leases_.begin(); }

  auto end() { return leases_.end(); }

  auto begin() const { return leases_.begin(); }

  auto end() const { return leases_.end(); }

 private:
  std::unordered_map<CellKey, Lease> leases_;
};

}  // namespace furrow::core
