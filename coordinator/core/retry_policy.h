#pragma once

#include <array>
#include <cstdint>

#include "common/base/clock.h"
#include "furrow/v1/engine.pb.h"

namespace furrow::core {

/// The failed tries of one cell: those that count against it, by class, and those that need not be
/// its fault.
class Failures {
 public:
  void add(v1::FailureClass failure_class);
  /// A try that ended together with others in one engine.
  void add_shared() { ++shared_; }

  std::uint32_t of(v1::FailureClass failure_class) const;
  std::uint32_t total() const;

  std::uint32_t shared() const { return shared_; }

  bool operator==(const Failures&) const = default;

 private:
  std::array<std::uint8_t, v1::FailureClass_ARRAYSIZE> by_class_{};
  std::uint32_t shared_ = 0;
};

/// What becomes of a cell after a failed try.
struct Verdict {
  bool charged = true;     ///< the try counts against the cell
  bool retry = false;      ///< else the cell has failed
  bool elsewhere = false;  ///< another worker first, if one can
  Duration wait{};         ///< not before this has passed
};

/// The tries that a cell gets when its failures differ in class.
inline constexpr std::uint32_t kMaxTries = 3;
/// A cell whose workers vanish while they render it is given up after as many of them.
inline constexpr std::uint32_t kMaxVanished = 5;

/// Who is to blame and where to try again. Pure.
///
///   class      tries  wait          where      blamed
///   lost       3      none          elsewhere  cell and worker
///   oom        3      none          elsewhere  nobody in the end, but tries are bounded
///   gpu_fault  3      none          elsewhere  worker
///   internal   3      none          elsewhere  us
///   rejected   3      none          elsewhere  nobody
///   timeout    2      none          elsewhere  worker, then cell
///   nan        2      none          elsewhere  cell
///   io         6      1 s · 2ⁿ ±50 %, at most 60 s  anywhere   worker
///   input      1      –             –          cell
///   cancelled  ∞      none          anywhere   nobody
///
/// Whatever the classes, kMaxTries charged tries end it; io tries, which waited for a disk or a
/// network, only count among themselves. A file that is missing on one worker is `rejected`, not
/// `input`. Quarantine reads the same verdicts to judge workers (core/quarantine).
///
/// An engine that dies takes every cell with it that was under way. Which one killed it is not
/// known, so none is charged, and each is tried alone from then on. What fails alone is charged,
/// and the shared tries count among its kMaxTries; they end a cell by themselves only when there
/// were kMaxVanished.
///
/// @param shared  other cells were under way in the same engine
/// @param before  the failures without this one
/// @param jitter  [0, 1): spreads the waits of cells that failed together
Verdict judge(v1::FailureClass failure_class, bool shared, const Failures& before, double jitter);

}  // namespace furrow::core
