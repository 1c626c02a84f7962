#include "worker/agent/engine_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <utility>

#include <boost/program_options/parsers.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/utf8.h"

namespace furrow::worker {

namespace {

constexpr const char* kDefaultEngine = "furrow-engine";
constexpr int kCannotExec = 127;

bool is_program(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (is_program(name)) return name;
    return fail(ErrorKind::NotFound, "there is no program " + name + " to start as an engine");
  }
  std::vector<std::filesystem::path> folders{program_folder()};
  const char* path = std::getenv("PATH");
  std::istringstream listed(path == nullptr ? "" : path);
  for (std::string folder; std::getline(listed, folder, ':');) {
    if (!folder.empty()) folders.emplace_back(folder);
  }
  for (const auto& folder : folders) {
    if (is_program(folder / name)) return (folder / name).string();
  }
  return fail(ErrorKind::NotFound, "the engine program " + name + " is neither in " +
                                       folders.front().string() +
                                       " nor in PATH. Build it, or name one with --engine.");
}

/// How often the kernel killed a process for want of memory, on this machine, since boot.
std::uint64_t oom_kills() {
  const auto text = read_file("/proc/vmstat");
  if (!text) return 0;
  constexpr std::string_view kKey = "\noom_kill ";
  const auto at = text->find(kKey);
  return at == std::string::npos ? 0 : std::strtoull(text->c_str() + at + kKey.size(), nullptr, 10);
}

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return Unexpected(errno_error("cannot make a pipe"));
  return Pipe{FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

Result<Pipe> make_socket_pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return Unexpected(errno_error("cannot make a socket pair"));
  }
  return Pipe{FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

/// The environment of an engine: ours, and on AMD CPUs with AVX-512 the name of OpenBLAS's kernels
/// for that. OpenBLAS goes by the CPU's model, and Debian 12's, which knows none after Zen 3, takes
/// the AVX2 ones on later models: float32 products then take twice as long. The library reads this
/// when it is loaded, so the engine itself comes too late. What the user has set stays.
std::vector<std::string> engine_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
#if defined(__x86_64__)
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (has_avx512 && __builtin_cpu_is("amd") && std::getenv("OPENBLAS_CORETYPE") == nullptr) {
    all.emplace_back("OPENBLAS_CORETYPE=SkylakeX");
  }
#endif
  return all;
}

/// As exec wants them: valid while `texts` is unchanged.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// What the child does between fork and exec: only calls that are safe there. Never returns.
[[noreturn]] void become_engine(char* const* arguments, char* const* environment, int socket,
                                int log, int failure, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotExec);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::fcntl(socket, F_SETFD, 0);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execve(arguments[0], arguments, environment);
  const int code = errno;
  [[maybe_unused]] const auto written = ::write(failure, &code, sizeof code);
  ::_exit(kCannotExec);
}

}  // namespace

Result<EngineCommand> EngineCommand::parse(std::string_view text) {
  EngineCommand command;
  command.words = text.empty() ? std::vector<std::string>{kDefaultEngine}
                               : boost::program_options::split_unix(std::string(text));
  if (command.words.empty()) return fail(ErrorKind::Invalid, "the engine command is blank");
  FURROW_TRY(command.words.front(), find_program(command.words.front()));
  return command;
}

std::vector<std::string> EngineCommand::for_device(std::string_view device, int fd) const {
  auto all = words;
  all.insert(all.end(), {"--fd", std::to_string(fd), "--device", std::string(device)});
  if (!precision.empty()) all.insert(all.end(), {"--precision", precision});
  if (max_batch > 0) all.insert(all.end(), {"--max-batch", std::to_string(max_batch)});
  return all;
}

std::vector<std::string> LogTail::add(std::string_view bytes) {
  std::vector<std::string> whole;
  for (const char byte : bytes) {
    if (byte != '\n') {
      if (unfinished_.size() < kMaxLineBytes) unfinished_.push_back(byte);
      continue;
    }
    lines_.push_back(unfinished_);
    if (lines_.size() > kMaxLines) lines_.pop_front();
    whole.push_back(std::exchange(unfinished_, {}));
  }
  return whole;
}

std::string LogTail::text() const {
  std::string text;
  for (const auto& line : lines_) text += line + '\n';
  text += unfinished_;
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return well_formed_utf8(text);
}

Result<EngineProcess> EngineProcess::start(const EngineCommand& command, std::string_view device) {
  FURROW_TRY(Pipe sockets, make_socket_pair());
  FURROW_TRY(Pipe log, make_pipe());
  FURROW_TRY(Pipe failure, make_pipe());
  auto words = command.for_device(device, sockets.write.get());
  const auto arguments = pointers(words);
  auto variables = engine_environment();
  const auto environment = pointers(variables);

  const auto kills = oom_kills();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return Unexpected(errno_error("cannot start a process for an engine"));
  if (pid == 0) {
    become_engine(arguments.data(), environment.data(), sockets.write.get(), log.write.get(),
                  failure.write.get(), parent);
  }
  failure.write.reset();
  int code = 0;
  if (::read(failure.read.get(), &code, sizeof code) == sizeof code) {
    ::waitpid(pid, nullptr, 0);
    errno = code;
    return Unexpected(errno_error("cannot start the engine " + words.front()));
  }
  ::fcntl(log.read.get(), F_SETFL, O_NONBLOCK);
  FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  return EngineProcess(pid, std::move(pidfd), std::move(sockets.read), std::move(log.read), kills);
}

EngineProcess::EngineProcess(pid_t pid, FileDescriptor pidfd, FileDescriptor socket,
                             FileDescriptor log, std::uint64_t oom_kills)
    : pid_(pid),
      pidfd_(std::move(pidfd)),
      channel_(std::move(socket)),
      log_(std::move(log)),
      oom_kills_at_start_(oom_kills) {}

EngineProcess::EngineProcess(EngineProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      channel_(std::move(other.channel_)),
      log_(std::move(other.log_)),
      tail_(std::move(other.tail_)),
      oom_kills_at_start_(other.oom_kills_at_start_) {}

EngineProcess& EngineProcess::operator=(EngineProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(channel_, other.channel_);
  std::swap(log_, other.log_);
  std::swap(tail_, other.tail_);
  std::swap(oom_kills_at_start_, other.oom_kills_at_start_);
  return *this;
}

EngineProcess::~EngineProcess() {
  if (pid_ < 0) return;
  kill();
  ::waitpid(pid_, nullptr, 0);
}

std::vector<std::string> EngineProcess::read_log() {
  std::vector<std::string> lines;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(log_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) log_.reset();
    if (got <= 0) return lines;
    auto whole = tail_.add({buffer.data(), static_cast<std::size_t>(got)});
    lines.insert(lines.end(), std::make_move_iterator(whole.begin()),
                 std::make_move_iterator(whole.end()));
  }
}

std::optional<EngineExit> EngineProcess::exited() {
  int status = 0;
  if (pid_ < 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  ::kill(-pid_, SIGKILL);  // what it started goes with it
  pid_ = -1;
  const bool was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  return EngineExit{exit_in_words(status), was_killed && oom_kills() > oom_kills_at_start_};
}

std::optional<EngineExit> EngineProcess::wait(Duration patience) {
  pollfd item{exit_fd(), POLLIN, 0};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  ::poll(&item, 1, static_cast<int>(ms));
  return exited();
}

void EngineProcess::kill() {
  if (pid_ < 0) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);  // should it not lead its group yet
}

std::string exit_in_words(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const char* name = ::strsignal(signal);
    return "was killed by signal " + std::to_string(signal) + " (" +
           (name == nullptr ? "unknown" : name) + ")";
  }
  return "exited with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace furrow::worker
