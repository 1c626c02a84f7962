#include "coordinator/core/lease_table.h"

#include <utility>

#include "common/base/check.h"

namespace furrow::core {

namespace {

/// How much the newest step counts in the average.
constexpr double kNewest = 0.3;

}  // namespace

bool Lease::advance(const v1::Progress& progress, Instant now) {
  const bool same_phase = progress.phase() == phase;
  const bool forward = progress.phase() > phase || (same_phase && progress.step() > step);
  if (!forward) return false;
  if (same_phase && phase == v1::PHASE_DENOISING && step > 0) {
    const double seconds = to_seconds(now - last_progress) / (progress.step() - step);
    step_seconds = step_seconds == 0 ? seconds : step_seconds + kNewest * (seconds - step_seconds);
  }
  phase = progress.phase();
  step = progress.step();
  steps = progress.steps();
  last_progress = now;
  return true;
}

Lease& LeaseTable::grant(CellKey cell, Lease lease) {
  const auto [it, inserted] = leases_.emplace(cell, std::move(lease));
  FURROW_CHECK(inserted, "a cell has at most one lease");
  return it->second;
}

}  // namespace furrow::core
