#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "common/base/mailbox.h"
#include "common/base/result.h"
#include "coordinator/core/effects.h"
#include "coordinator/store/database.h"

namespace furrow::store {

/// Numbers the batches that the control loop hands over: 1, 2, 3 …
using Sequence = std::uint64_t;

struct Batch {
  Sequence sequence = 0;
  std::vector<core::StoreOp> ops;
};

/// The thread that writes. It drains its mailbox, commits what it found as one transaction (a group
/// commit: the fsync is paid once for all who wait) and reports the newest sequence that is
/// durable. When nothing comes it moves the write-ahead log into the file.
///
/// A write that fails ends the process through `on_failure`: memory is ahead of the disk by then,
/// and after a failed fsync nobody knows what the disk holds.
class StoreThread {
 public:
  /// Batches that may wait; whoever submits more is held up until the disk has caught up.
  static constexpr std::size_t kMailboxBatches = 4096;
  /// A group is closed once it writes this many rows, so that no reply waits for a long queue.
  static constexpr std::size_t kMaxGroupRows = 1024;

  using OnFailure = std::function<void(const Error&)>;  ///< must not return

  /// `on_failure` by default logs the error and ends the process with status 1.
  explicit StoreThread(Database database, OnFailure on_failure = end_process);
  /// Commits what was submitted, then stops.
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  /// Requires: sequences rise by one call to the next, and all calls come from one thread.
  void submit(Batch batch);

  /// Every batch up to this one is on disk. 0: none yet.
  Sequence committed() const { return committed_.load(std::memory_order_acquire); }

  /// Readable when committed() may have risen since the last acknowledge(). For polling only.
  int fd() const { return news_.fd(); }

  /// Clears fd(). Call before reading committed().
  void acknowledge() { news_.try_take(); }

  [[noreturn]] static void end_process(const Error& error);

 private:
  void run();

  OnFailure on_failure_;
  Mailbox<Batch> batches_{kMailboxBatches};
  /// Says only that there is news, hence one place: the number itself is in committed_.
  Mailbox<Sequence> news_{1};
  std::atomic<Sequence> committed_{0};
  Database database_;  // owned by thread_ once it runs
  std::jthread thread_;
};

}  // namespace furrow::store
