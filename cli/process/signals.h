#pragma once

#include <initializer_list>
#include <optional>

#include "common/base/files.h"

namespace furrow::cli {

/// Signals turned into something to poll: blocked for this process and its threads to come, and
/// readable at `fd` instead. Made before any thread is; stays until the end.
class SignalInbox {
 public:
  explicit SignalInbox(std::initializer_list<int> signals);

  int fd() const { return fd_.get(); }

  /// The number of the next signal that came, or nothing. Never blocks.
  std::optional<int> take();

 private:
  FileDescriptor fd_;
};

}  // namespace furrow::cli
