#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/base/files.h"
#include "common/base/result.h"

namespace furrow::cli {

/// How a process ended.
struct Ending {
  int code = 0;    ///< its exit code, when `signal` is 0
  int signal = 0;  ///< the signal that ended it

  bool operator==(const Ending&) const = default;
};

/// "ended with exit code 3", "was killed by signal 9 (Killed)".
std::string ending_text(const Ending& ending);

struct SpawnOptions {
  /// Its standard input; -1: none.
  int stdin_fd = -1;
  /// Its standard output and error are appended here; nothing: they stay the caller's.
  std::optional<std::filesystem::path> log;
  /// In a process group of its own, so that a terminal's Ctrl-C does not reach it.
  bool own_group = false;
};

/// A child process, which dies with its parent. Killed and reaped with its owner.
class Child {
 public:
  /// Errors: Io, NotFound when there is no such program.
  static Result<Child> spawn(const std::filesystem::path& program,
                             const std::vector<std::string>& arguments,
                             const SpawnOptions& options);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }

  /// Readable once it has ended.
  int fd() const { return pidfd_.get(); }

  void signal(int number) const;
  /// How it ended, or nothing while it runs.
  std::optional<Ending> poll_ending();
  /// Waits up to `timeout_ms` (-1: for ever) for its end.
  std::optional<Ending> wait_ending(int timeout_ms);

 private:
  Child(pid_t pid, FileDescriptor pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  std::optional<Ending> ending_;
};

/// A program of ours: beside the running one.
std::filesystem::path sibling_program(const char* name);

}  // namespace furrow::cli
