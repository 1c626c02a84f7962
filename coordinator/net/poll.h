#pragma once

#include <chrono>
#include <cstddef>

#include <zmq.hpp>

namespace furrow::net {

/// Waits until one of `items` is ready or the time is up. A signal ends the wait early, as if the
/// time were up.
template <std::size_t N>
void wait_for_any(zmq::pollitem_t (&items)[N], std::chrono::milliseconds limit) {
  try {
    zmq::poll(items, N, limit);
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) throw;
  }
}

}  // namespace furrow::net
