#pragma once

#include <atomic>
#include <cstdint>

namespace furrow::net {

/// What the loops counted, for GetStatus. Each counter is written by its loop only and read by
/// anyone, so plain atomics do.
struct Traffic {
  std::atomic<std::uint64_t> client_dropped{0};  ///< messages that made no sense
  std::atomic<std::uint64_t> worker_dropped{0};
  std::atomic<std::uint64_t> blob_dropped{0};

  std::uint64_t dropped() const { return client_dropped + worker_dropped + blob_dropped; }
};

}  // namespace furrow::net
