#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "furrow/v1/engine.pb.h"

namespace furrow::worker {

/// What a step's duration depends on.
struct Pace {
  std::string model;         ///< the raw hash
  std::uint64_t pixels = 0;  ///< of all cells that step together
  auto operator<=>(const Pace&) const = default;
};

/// Learns how long a step takes on one engine, and says how long it may be silent before it counts
/// as stuck: 8 usual steps, at least 15 s. Loading a model, and the first steps at a pace that was
/// never seen, are given ten minutes.
class StepWatch {
 public:
  static constexpr Duration kShortest = std::chrono::seconds(15);
  static constexpr Duration kLongest = std::chrono::minutes(10);

  void on_step(const Pace& pace, Duration took);
  Duration allowance(const Pace& pace, v1::Phase phase) const;

 private:
  std::map<Pace, double> usual_seconds_;
};

}  // namespace furrow::worker
