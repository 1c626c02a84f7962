#include "tests/support/child_process.h"

#include <csignal>
#include <cstdlib>
#include <fstream>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/files.h"

namespace furrow::test {

namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// The test's environment with `changes` on top.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (!changes.contains(text.substr(0, text.find('=')))) variables.push_back(text);
  }
  for (const auto& [name, value] : changes) variables.push_back(name + "=" + value);
  return variables;
}

bool is_readable(int fd, std::chrono::milliseconds limit) {
  pollfd item{fd, POLLIN, 0};
  return ::poll(&item, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments, const Options& options) {
  auto words = arguments;
  if (words[0].find('/') == std::string::npos) words[0] = program(words[0]).string();
  auto variables = environment_with(options.environment);
  const auto argv = pointers_to(words);
  const auto envp = pointers_to(variables);
  const std::string output = options.output.empty() ? "/dev/null" : options.output.string();
  pid_ = ::fork();
  FURROW_CHECK(pid_ >= 0, "no process can be started");
  if (pid_ == 0) {
    const int log = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  FURROW_CHECK(pid_fd_ >= 0, "the kernel gives no descriptor of a process");
}

ChildProcess::~ChildProcess() {
  if (!ending_) kill_hard();
  ::close(pid_fd_);
}

void ChildProcess::send_signal(int signal) const {
  if (!ending_) ::kill(pid_, signal);
}

std::optional<Ending> ChildProcess::wait_for_end(std::chrono::milliseconds limit) {
  if (ending_) return ending_;
  if (!is_readable(pid_fd_, limit)) return std::nullopt;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  ending_.emplace();
  if (WIFEXITED(status)) ending_->exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ending_->signal = WTERMSIG(status);
  return ending_;
}

void ChildProcess::kill_hard() {
  send_signal(SIGKILL);
  wait_for_end(std::chrono::milliseconds(-1));
}

std::filesystem::path program(const std::string& name) {
  return program_folder() / name;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  const auto id = std::to_string(pid);
  std::ifstream file("/proc/" + id + "/task/" + id + "/children");
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

FolderWatch::FolderWatch(const std::filesystem::path& folder)
    : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  const auto events = IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE;
  FURROW_CHECK(fd_ >= 0 && ::inotify_add_watch(fd_, folder.c_str(), events) >= 0,
               "the folder cannot be watched");
}

FolderWatch::~FolderWatch() {
  ::close(fd_);
}

bool FolderWatch::wait(std::chrono::milliseconds limit) const {
  if (!is_readable(fd_, limit)) return false;
  char events[4096];
  while (::read(fd_, events, sizeof events) > 0) {
  }
  return true;
}

}  // namespace furrow::test
