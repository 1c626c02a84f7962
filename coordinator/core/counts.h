#pragma once

#include <cstdint>

#include "furrow/v1/client.pb.h"

namespace furrow::core {

/// How many cells of a job are in which state. The states are disjoint: `total` is the sum of the
/// others. `pending` includes the cells that no enrolled worker can render.
struct Counts {
  std::uint64_t total = 0;
  std::uint64_t pending = 0;
  std::uint64_t running = 0;  ///< leased
  std::uint64_t done = 0;
  std::uint64_t cached = 0;
  std::uint64_t failed = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t skipped = 0;

  bool operator==(const Counts&) const = default;

  std::uint64_t live() const { return pending + running; }

  std::uint64_t terminal() const { return done + cached + failed + cancelled + skipped; }
};

/// The one place where a job's state is decided: it follows from the counts alone.
///
///   some cell live   nothing touched → PENDING, else RUNNING
///   no cell live     some cancelled → CANCELLED, else some failed → FAILED, else DONE
v1::JobState job_state(const Counts& counts);

/// Done, failed or cancelled: nothing happens any more unless someone retries it.
bool is_terminal(v1::JobState state);

}  // namespace furrow::core
