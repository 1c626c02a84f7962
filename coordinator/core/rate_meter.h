#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "common/base/clock.h"

namespace furrow::core {

/// How often something happens, by an average in which older events count less and less.
class RateMeter {
 public:
  void add(double events, Instant now) {
    if (!last_) first_ = now;
    weight_ = decayed(now) + events;
    last_ = now;
  }

  /// Events a second; 0 when nothing happened yet. The divisor is the part of the window that has
  /// passed since the first event, so that a young meter is not too low.
  double per_second(Instant now) const {
    if (!last_) return 0;
    const double age = std::max(to_seconds(now - first_), kShortestAge);
    return decayed(now) / (kWindowSeconds * (1 - std::exp(-age / kWindowSeconds)));
  }

 private:
  static constexpr double kWindowSeconds = 30;
  static constexpr double kShortestAge = 0.25;

  double decayed(Instant now) const {
    return last_ ? weight_ * std::exp(-to_seconds(now - *last_) / kWindowSeconds) : 0;
  }

  double weight_ = 0;
  Instant first_;
  std::optional<Instant> last_;
};

}  // namespace furrow::core
