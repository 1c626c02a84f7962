#pragma once

#include <chrono>
#include <optional>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/output/console.h"
#include "common/base/result.h"

namespace furrow::cli {

enum class Show {
  Progress,   ///< on the terminal's talk side, live
  Nothing,    ///< until the end
  JsonLines,  ///< every update as one line of data
};

struct WaitOptions {
  Show show = Show::Progress;
  std::optional<std::chrono::milliseconds> timeout;  ///< nothing: for ever
  /// A job that no worker can run may be able to in a moment: an engine is starting, or starting
  /// again. Only one that stays so for this long is given up.
  std::chrono::milliseconds infeasible_patience{30'000};
};

/// Waits until a job is over and returns how it ended. Outlives restarts of the coordinator.
/// Ends early, the job unfinished, when every cell that is left stays infeasible.
/// Errors: Cancelled, with how to come back, when the client is interrupted; Timeout; what the
/// coordinator refuses.
Result<v1::JobView> wait_for_job(Client& client, const v1::JobView& job, Console& console,
                                 const WaitOptions& options);

/// Says how a job ended and returns the exit code for that: 0 done, 8 failed, 9 cancelled,
/// 10 infeasible.
ExitCode report_ending(const v1::JobView& job, Console& console);

/// All that is left of it is what no enrolled worker can render.
bool is_infeasible(const v1::JobView& job);

}  // namespace furrow::cli
