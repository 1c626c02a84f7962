#pragma once

#include <cstdint>
#include <stop_token>

#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/files.h"

namespace furrow::net {

/// Makes a stop request readable, so that a loop waits on it beside its sockets.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& stop)
      : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), on_stop_(stop, Raise{event_.get()}) {
    FURROW_CHECK(event_.is_open(), "no event descriptor left");
  }

  /// Readable for good once a stop is requested.
  int fd() const { return event_.get(); }

 private:
  struct Raise {
    int fd;

    void operator()() const {
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
    }
  };

  FileDescriptor event_;
  std::stop_callback<Raise> on_stop_;
};

}  // namespace furrow::net
