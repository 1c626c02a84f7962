#pragma once

#include <chrono>

#include "common/base/clock.h"

namespace furrow::engine {

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const { return to_seconds(std::chrono::steady_clock::now() - start_); }

 private:
  Instant start_ = std::chrono::steady_clock::now();
};

}  // namespace furrow::engine
