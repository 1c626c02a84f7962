#pragma once

#include <deque>
#include <optional>

#include "cli/process/child.h"
#include "common/base/clock.h"

namespace furrow::cli {

/// Whether and when a supervised process that ended unasked is started again. Pure: the time is
/// told.
///
/// A process that refuses (usage, not allowed, conflict: it would refuse again) is not. One that
/// crashes is, after 0.5 s, doubling to 8 s with every crash in the last minute; the fifth crash
/// within a minute is the last.
class RestartPolicy {
 public:
  /// How long to wait before it is started again; nothing: give up.
  std::optional<Duration> after(const Ending& ending, Instant now);

 private:
  std::deque<Instant> crashes_;  // of the last minute
};

}  // namespace furrow::cli
