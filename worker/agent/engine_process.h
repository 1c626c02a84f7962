#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "common/base/clock.h"
#include "common/base/files.h"
#include "common/base/result.h"
#include "worker/channel/engine_channel.h"
#include "worker/channel/engine_exit.h"

namespace furrow::worker {

/// How to start engines: a program with its own arguments, to which each engine's are added.
struct EngineCommand {
  std::vector<std::string> words;  ///< the program first
  std::string precision;           ///< empty: the engine's choice
  std::uint32_t max_batch = 0;     ///< 0: the engine's choice

  /// Splits `text` as a shell does, quotes included. A program named without a folder is looked for
  /// beside this one, then in PATH; empty: furrow-engine. Errors: Invalid, the text is blank;
  /// NotFound, there is no such program, with the places that were looked at.
  static Result<EngineCommand> parse(std::string_view text);

  /// The words, then --fd FD --device DEVICE and, where they are set, --precision and --max-batch.
  std::vector<std::string> for_device(std::string_view device, int fd) const;
};

/// The last lines a process wrote, whole lines only; bounded in number and length.
class LogTail {
 public:
  static constexpr std::size_t kMaxLines = 30;
  static constexpr std::size_t kMaxLineBytes = 1000;

  /// Takes bytes as they come and returns the lines they complete.
  std::vector<std::string> add(std::string_view bytes);
  /// The kept lines, joined by newlines, a last unfinished one included.
  std::string text() const;

 private:
  std::deque<std::string> lines_;
  std::string unfinished_;
};

/// A running engine: a child process on the other end of a socket pair. It dies with this process
/// (PR_SET_PDEATHSIG) and is killed with this object. It leads a process group of its own, so that
/// a Ctrl-C at the terminal reaches only the agent, which then ends it in order.
///
/// Made, used and destroyed by one thread, which must live as long as the process does.
class EngineProcess {
 public:
  /// Errors: NotFound, NotAllowed, Io: the program cannot be run, or there are no descriptors left.
  static Result<EngineProcess> start(const EngineCommand& command, std::string_view device);

  EngineProcess(EngineProcess&& other) noexcept;
  EngineProcess& operator=(EngineProcess&& other) noexcept;
  ~EngineProcess();

  pid_t pid() const { return pid_; }

  EngineChannel& channel() { return channel_; }

  /// Readable when the engine wrote to its stderr.
  int log_fd() const { return log_.get(); }

  /// Readable when the process has ended.
  int exit_fd() const { return pidfd_.get(); }

  /// Reads what the engine wrote, without waiting; returns the lines that became whole.
  std::vector<std::string> read_log();

  std::string log_tail() const { return tail_.text(); }

  /// How it ended, once it has. Reaps the process; says so once.
  std::optional<EngineExit> exited();
  /// Waits up to `patience` for its end.
  std::optional<EngineExit> wait(Duration patience);
  /// Ends it and its children at once.
  void kill();

 private:
  EngineProcess(pid_t pid, FileDescriptor pidfd, FileDescriptor socket, FileDescriptor log,
                std::uint64_t oom_kills);

  pid_t pid_ = -1;  // -1: reaped
  FileDescriptor pidfd_;
  EngineChannel channel_;
  FileDescriptor log_;
  LogTail tail_;
  std::uint64_t oom_kills_at_start_ = 0;
};

/// "exited with code 3", "was killed by signal 9 (Killed)". `status` is waitpid's.
std::string exit_in_words(int status);

}  // namespace furrow::worker
