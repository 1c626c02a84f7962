#include "coordinator/store/store_thread.h"

#include <cstdlib>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include <poll.h>

#include "common/base/check.h"
#include "common/base/log.h"

namespace furrow::store {

namespace {

/// After this long without mail the log is moved into the file.
constexpr int kIdleMilliseconds = 1000;

/// Waits for mail. False: none came for a while.
bool wait_for_mail(int fd) {
  pollfd mail{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&mail, 1, kIdleMilliseconds) != 0;
}

/// How many rows a batch writes, roughly. A lease op holds many.
std::size_t weight_of(const Batch& batch) {
  std::size_t weight = 1;
  for (const core::StoreOp& op : batch.ops) {
    const auto* leases = std::get_if<core::LeaseCells>(&op);
    weight += leases ? leases->cells.size() : 1;
  }
  return weight;
}

}  // namespace

StoreThread::StoreThread(Database database, OnFailure on_failure)
    : on_failure_(std::move(on_failure)), database_(std::move(database)) {
  thread_ = std::jthread([this] { run(); });
}

StoreThread::~StoreThread() {
  batches_.close();
}

void StoreThread::submit(Batch batch) {
  batches_.put(std::move(batch));
}

void StoreThread::end_process(const Error& error) {
  spdlog::critical(
      "cannot write: the coordinator ends, and its next start goes on from what is on disk "
      "reason=\"{}\"",
      error.message);
  std::_Exit(EXIT_FAILURE);
}

void StoreThread::run() {
  const auto require = [this](const Result<void>& written) {
    if (!written) on_failure_(written.error());
    return written.has_value();
  };
  std::vector<Batch> group;
  std::vector<std::span<const core::StoreOp>> ops;
  for (;;) {
    if (!wait_for_mail(batches_.fd())) {
      if (!require(database_.checkpoint(true))) return;
      continue;
    }
    group.clear();
    ops.clear();
    std::size_t rows = 0;
    while (rows < kMaxGroupRows) {
      std::optional<Batch> batch = batches_.try_take();
      if (!batch) break;
      rows += weight_of(*batch);
      group.push_back(std::move(*batch));
    }
    if (group.empty()) {
      if (batches_.is_closed()) return;
      continue;
    }
    for (const Batch& batch : group) ops.emplace_back(batch.ops);
    if (!require(database_.commit(ops))) return;
    committed_.store(group.back().sequence, std::memory_order_release);
    news_.try_put(group.back().sequence);
    if (!require(database_.checkpoint(false))) return;
  }
}

}  // namespace furrow::store
