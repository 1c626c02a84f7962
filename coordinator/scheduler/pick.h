#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>

#include "common/base/ids.h"
#include "coordinator/scheduler/lanes.h"

namespace furrow::scheduler {

/// Whose turn it is: the higher priority, then the older job.
///
/// Fair share goes in front of this: device-seconds used per user decide within a priority, and the
/// job's age only within a user (scheduler/fair_share).
struct Turn {
  std::int32_t priority = 0;
  JobId job;

  std::strong_ordering operator<=>(const Turn& other) const {
    if (const auto by_priority = other.priority <=> priority; by_priority != 0) return by_priority;
    return job <=> other.job;
  }

  bool operator==(const Turn&) const = default;
};

/// A lane that has a cell for a worker.
struct Candidate {
  LaneId lane = 0;
  bool resident = false;       ///< the worker's newest work was with this model
  bool retry = false;          ///< the cell was tried before
  std::uint64_t position = 0;  ///< of the lane's next cell in render order
};

/// Which lane a worker takes its next cell from: one whose model it has in memory, there a cell
/// that waits for another try, then the earliest in render order (so like sizes stay together).
///
/// The bound on affinity (how long another model's cells may wait for it) and the choice by
/// predicted seconds go here when there is a table of them. Returns: the place of the best
/// candidate, nothing without candidates.
std::optional<std::size_t> pick(std::span<const Candidate> candidates);

}  // namespace furrow::scheduler
