#include "cli/process/child.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace furrow::cli {

namespace {

constexpr int kCannotStart = 127;

/// What happens in the child between fork and exec: only calls that are safe there.
[[noreturn]] void become(const char* program, char* const* arguments, const SpawnOptions& options,
                         int log_fd, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kCannotStart);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (options.own_group) setpgid(0, 0);
  const int input = options.stdin_fd >= 0 ? options.stdin_fd : open("/dev/null", O_RDONLY);
  dup2(input, STDIN_FILENO);
  if (log_fd >= 0) {
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
  }
  execv(program, arguments);
  _exit(kCannotStart);
}

Result<FileDescriptor> open_log(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  FileDescriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd.is_open()) return Unexpected(errno_error("cannot write the log " + path.string()));
  return fd;
}

Ending ending_of(int status) {
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

}  // namespace

std::string ending_text(const Ending& ending) {
  if (ending.signal != 0) {
    return fmt::format("was ended by signal {} ({})", ending.signal, strsignal(ending.signal));
  }
  return fmt::format("ended with exit code {}", ending.code);
}

Result<Child> Child::spawn(const std::filesystem::path& program,
                           const std::vector<std::string>& arguments, const SpawnOptions& options) {
  if (access(program.c_str(), X_OK) != 0) {
    return fail(
        ErrorKind::NotFound,
        fmt::format("There is no program {}. Is furrow installed whole?", program.string()));
  }
  FileDescriptor log;
  if (options.log) {
    FURROW_TRY(log, open_log(*options.log));
  }
  const std::string name = program.string();
  std::vector<char*> words{const_cast<char*>(name.c_str())};
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return Unexpected(errno_error("cannot start " + name));
  if (pid == 0) become(name.c_str(), words.data(), options, log.get(), parent);
  FileDescriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.is_open()) {
    Error error = errno_error("cannot watch over " + name);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return Unexpected(std::move(error));
  }
  return Child(pid, std::move(pidfd));
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      ending_(other.ending_) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(ending_, other.ending_);
  return *this;
}

Child::~Child() {
  if (pid_ < 0 || ending_) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Child::signal(int number) const {
  if (pid_ > 0 && !ending_) kill(pid_, number);
}

std::optional<Ending> Child::poll_ending() {
  return wait_ending(0);
}

std::optional<Ending> Child::wait_ending(int timeout_ms) {
  if (ending_ || pid_ < 0) return ending_;
  pollfd item{pidfd_.get(), POLLIN, 0};
  if (::poll(&item, 1, timeout_ms) <= 0) return std::nullopt;
  int status = 0;
  if (waitpid(pid_, &status, 0) == pid_) ending_ = ending_of(status);
  return ending_;
}

std::filesystem::path sibling_program(const char* name) {
  return program_folder() / name;
}

}  // namespace furrow::cli
