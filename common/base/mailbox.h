#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/check.h"

namespace furrow {

/// Where threads meet: any thread puts values in, one thread takes them out, in order.
///
/// Bounded: `put` waits while the box is full, `try_put` says no instead. The reader may wait on
/// `fd()` beside its sockets: it is readable whenever the box holds a value or is closed. After
/// `close` nothing goes in and the reader still gets what is there.
template <typename T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t capacity)
      : capacity_(capacity), fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    FURROW_CHECK(fd_ >= 0, "no event descriptor left");
  }

  ~Mailbox() { ::close(fd_); }

  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Waits for room. False: the box is closed and the value is gone.
  bool put(T value) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return closed_ || values_.size() < capacity_; });
    return push(std::move(value));
  }

  /// False, at once: the box is full or closed.
  bool try_put(T value) {
    const std::lock_guard lock(mutex_);
    if (values_.size() >= capacity_) return false;
    return push(std::move(value));
  }

  /// The oldest value, or nothing.
  std::optional<T> try_take() {
    const std::lock_guard lock(mutex_);
    if (values_.empty()) {
      if (!closed_) drain();
      return std::nullopt;
    }
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    if (values_.empty() && !closed_) drain();
    room_.notify_one();
    return value;
  }

  /// Everything in the box, oldest first.
  std::vector<T> take_all() {
    const std::lock_guard lock(mutex_);
    std::vector<T> all(std::make_move_iterator(values_.begin()),
                       std::make_move_iterator(values_.end()));
    values_.clear();
    if (!closed_) drain();
    room_.notify_all();
    return all;
  }

  /// Waits until there is a value (true) or the box is closed and empty (false).
  bool wait() {
    std::unique_lock lock(mutex_);
    some_.wait(lock, [&] { return closed_ || !values_.empty(); });
    return !values_.empty();
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    signal();
    some_.notify_all();
    room_.notify_all();
  }

  bool is_closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

  /// Readable while there is something to take, and for good once closed. For polling only.
  int fd() const { return fd_; }

 private:
  bool push(T value) {
    if (closed_) return false;
    values_.push_back(std::move(value));
    if (values_.size() == 1) signal();
    some_.notify_one();
    return true;
  }

  void signal() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
  }

  void drain() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
  }

  const std::size_t capacity_;
  const int fd_;
  mutable std::mutex mutex_;  // the one mutex of the design: guards what follows
  std::condition_variable room_;
  std::condition_variable some_;
  std::deque<T> values_;
  bool closed_ = false;
};

}  // namespace furrow
