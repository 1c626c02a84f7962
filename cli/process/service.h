#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/process/child.h"
#include "cli/process/restart_policy.h"
#include "common/base/clock.h"
#include "common/base/result.h"

namespace furrow::cli {

/// A program that is kept running: started, watched, started again when it crashes. What it says
/// goes to a log file. One thread.
class Service {
 public:
  /// @param name how people call it, "worker"
  Service(std::string name, std::filesystem::path program, std::vector<std::string> arguments,
          std::filesystem::path log);

  /// Errors: NotFound, Io.
  Result<void> start();

  /// Something to tell, in a sentence.
  struct Event {
    std::string text;
    bool given_up = false;  ///< it ended and is not started again
  };

  /// Looks after it: takes note of its end, starts it when it is time to.
  std::optional<Event> look_after(Instant now);

  /// When look_after has something to do by itself; nothing: only when fd() is readable.
  std::optional<Instant> next_look() const { return start_again_at_; }

  /// Readable once it has ended; -1 while it does not run.
  int fd() const { return child_ ? child_->fd() : -1; }

  int pid() const { return child_ ? child_->pid() : 0; }

  /// How it ended last.
  const std::optional<Ending>& last_ending() const { return last_ending_; }

  /// Asks it to end, waits up to `patience_ms`, ends it by force then.
  void stop(int patience_ms);
  /// Ends it by force now.
  void kill();

  /// The last lines it wrote to its log since it was started first, at most `most`.
  std::vector<std::string> last_words(std::size_t most) const;

  const std::string& name() const { return name_; }

  const std::filesystem::path& log() const { return log_; }

 private:
  std::string name_;
  std::filesystem::path program_;
  std::vector<std::string> arguments_;
  std::filesystem::path log_;
  std::uintmax_t log_start_ = 0;  ///< size of the log before the first start
  std::optional<Child> child_;
  std::optional<Ending> last_ending_;
  std::optional<Instant> start_again_at_;
  RestartPolicy policy_;
};

}  // namespace furrow::cli
