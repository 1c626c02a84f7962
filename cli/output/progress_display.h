#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include "cli/output/console.h"
#include "cli/output/progress.h"
#include "common/base/clock.h"

namespace furrow::cli {

/// Shows how far a job is while it goes on. On a terminal one line is redrawn in place, at most ten
/// times a second; elsewhere a plain line is written when something changed, at most one in three
/// seconds, and the last one always. The clock is the caller's.
class ProgressDisplay {
 public:
  /// @param terminal asked before every line, so that a resized window is seen
  ProgressDisplay(std::ostream& out, std::function<Terminal()> terminal)
      : out_(out), terminal_(std::move(terminal)) {}

  void show(const ProgressState& state, Instant now);
  /// The last line, and on to the next.
  void finish(const ProgressState& state);
  /// Leaves the line as it is and goes on to the next, so that other talk can follow.
  void leave();

 private:
  void redraw(const ProgressState& state, const Terminal& terminal);
  void print(const ProgressState& state);

  std::ostream& out_;
  std::function<Terminal()> terminal_;
  std::string shown_;  ///< the line that stands there; of a plain one what makes it news
  bool in_line_ = false;
  std::optional<Instant> shown_at_;
};

}  // namespace furrow::cli
