#pragma once

#include <chrono>
#include <cstdint>

namespace furrow {

/// Deadlines and durations: never compared between machines.
using Instant = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// Wall time for people, in milliseconds since 1970 UTC.
struct UnixMillis {
  std::int64_t value = 0;
  auto operator<=>(const UnixMillis&) const = default;
};

/// Both times of one moment. Pure rooms get it as an argument; only loops call Now::read.
struct Now {
  Instant instant;
  UnixMillis unix;

  static Now read() {
    using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
    const auto since_epoch = system_clock::now().time_since_epoch();
    return {std::chrono::steady_clock::now(),
            UnixMillis{duration_cast<milliseconds>(since_epoch).count()}};
  }
};

inline double to_seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}

}  // namespace furrow
