#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace furrow::test {

/// How a process ended: with an exit code, or by a signal.
struct Ending {
  std::optional<int> exit_code;
  std::optional<int> signal;
};

/// A program of the build, run by a test; what it says goes to a file. Killed and reaped with the
/// object, so no test leaves one behind.
class ChildProcess {
 public:
  struct Options {
    std::map<std::string, std::string> environment;  ///< on top of the test's own
    std::filesystem::path output;                    ///< of stdout and stderr; empty: thrown away
  };

  /// @param arguments the program (a path, or a name beside the test's own program) and its
  ///        arguments
  ChildProcess(const std::vector<std::string>& arguments, const Options& options);
  ~ChildProcess();

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  void send_signal(int signal) const;
  /// Waits for the end. Nothing: it still runs when the time is up.
  std::optional<Ending> wait_for_end(std::chrono::milliseconds limit);
  /// kill -9, and waits until it is gone.
  void kill_hard();

  bool is_running() { return !wait_for_end(std::chrono::milliseconds(0)).has_value(); }

 private:
  pid_t pid_ = -1;
  int pid_fd_ = -1;
  std::optional<Ending> ending_;
};

/// A program of the build: the path of `name` in the folder of the running test.
std::filesystem::path program(const std::string& name);

/// Processes whose parent is `pid`.
std::vector<pid_t> children_of(pid_t pid);

/// The next moment at which the content of `folder` changes, or the limit.
class FolderWatch {
 public:
  explicit FolderWatch(const std::filesystem::path& folder);
  ~FolderWatch();

  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  /// False: nothing changed in time.
  bool wait(std::chrono::milliseconds limit) const;

 private:
  int fd_ = -1;
};

}  // namespace furrow::test
