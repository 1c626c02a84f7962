#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "common/base/clock.h"

namespace furrow::core {

/// How often something happens: lately, by an average in which older events count less and less,
/// and all in all.
class RateMeter {
 public:
  /// Work on it begins, if it has not before: from now on time without an event counts.
  void begin(Instant now) {
    if (!first_) first_ = last_ = now;
  }

  void add(double events, Instant now) {
    begin(now);
    if (bursts_ == 0 || to_seconds(now - last_) > kBurstSeconds) ++bursts_;
    weight_ = decayed(now) + events;
    total_ += events;
    last_ = now;
  }

  /// Events a second of late; 0 when nothing happened yet. The divisor is the part of the window
  /// that has passed since the beginning, so that a young meter is not too low.
  double per_second(Instant now) const {
    if (!first_) return 0;
    return decayed(now) / (kWindowSeconds * (1 - std::exp(-age(now) / kWindowSeconds)));
  }

  /// What to expect from now on while work goes on: the late rate where a window sees many events,
  /// else that of all time. Events may be further apart than the window, and come in batches.
  double expected(Instant now) const {
    if (!first_) return 0;
    const double bursts_a_window = bursts_ * kWindowSeconds / age(now);
    const double trust = std::clamp((bursts_a_window - kFewBursts) / kFewBursts, 0.0, 1.0);
    return trust * per_second(now) + (1 - trust) * total_ / age(now);
  }

 private:
  static constexpr double kWindowSeconds = 30;
  static constexpr double kShortestAge = 0.25;
  /// Events that are no further apart belong together.
  static constexpr double kBurstSeconds = 0.5;
  static constexpr double kFewBursts = 4;

  double age(Instant now) const { return std::max(to_seconds(now - *first_), kShortestAge); }

  double decayed(Instant now) const {
    return weight_ * std::exp(-to_seconds(now - last_) / kWindowSeconds);
  }

  double weight_ = 0;
  double total_ = 0;
  double bursts_ = 0;
  std::optional<Instant> first_;
  Instant last_;
};

}  // namespace furrow::core
