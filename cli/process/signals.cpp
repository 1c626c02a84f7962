#include "cli/process/signals.h"

#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/check.h"

namespace furrow::cli {

SignalInbox::SignalInbox(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_ = FileDescriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  FURROW_CHECK(fd_.is_open(), "the system gives a signal descriptor");
}

std::optional<int> SignalInbox::take() {
  signalfd_siginfo info{};
  if (read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace furrow::cli
