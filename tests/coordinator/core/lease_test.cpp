#include <chrono>

#include <gtest/gtest.h>

#include "coordinator/core/lease_table.h"

namespace furrow::core {
namespace {

using std::chrono::seconds;

v1::Progress at(v1::Phase phase, std::uint32_t step) {
  v1::Progress progress;
  progress.set_phase(phase);
  progress.set_step(step);
  progress.set_steps(20);
  return progress;
}

TEST(Lease, MovesOnOnlyForward) {
  Lease lease;
  const Instant start{};

  EXPECT_TRUE(lease.advance(at(v1::PHASE_DENOISING, 3), start));
  EXPECT_FALSE(lease.advance(at(v1::PHASE_DENOISING, 3), start + seconds(1)));
  EXPECT_FALSE(lease.advance(at(v1::PHASE_DENOISING, 2), start + seconds(2)));
  EXPECT_FALSE(lease.advance(at(v1::PHASE_LOADING, 0), start + seconds(3)));
  EXPECT_EQ(lease.last_progress, start);
  EXPECT_TRUE(lease.advance(at(v1::PHASE_DECODING, 0), start + seconds(4)));
  EXPECT_EQ(lease.last_progress, start + seconds(4));
}

TEST(Lease, LoadingNeverCountsAsStepTime) {
  Lease lease;
  const Instant start{};
  lease.advance(at(v1::PHASE_LOADING, 0), start);
  lease.advance(at(v1::PHASE_DENOISING, 1), start + seconds(60));
  EXPECT_EQ(lease.step_seconds, 0);

  lease.advance(at(v1::PHASE_DENOISING, 3), start + seconds(64));
  EXPECT_DOUBLE_EQ(lease.step_seconds, 2);
}

}  // namespace
}  // namespace furrow::core
