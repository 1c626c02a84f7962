#include <random>

#include <gtest/gtest.h>

#include "coordinator/core/counts.h"

namespace furrow::core {
namespace {

TEST(JobState, FollowsFromTheCounts) {
  EXPECT_EQ(job_state({.total = 3, .pending = 3}), v1::JOB_STATE_PENDING);
  EXPECT_EQ(job_state({.total = 3, .pending = 2, .running = 1}), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(job_state({.total = 3, .pending = 2, .done = 1}), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(job_state({.total = 3, .done = 2, .cached = 1}), v1::JOB_STATE_DONE);
  EXPECT_EQ(job_state({.total = 3, .done = 2, .failed = 1}), v1::JOB_STATE_FAILED);
  EXPECT_EQ(job_state({.total = 3, .failed = 2, .cancelled = 1}), v1::JOB_STATE_CANCELLED);
}

TEST(JobState, IsOverExactlyWhenNoCellIsLive) {
  std::mt19937 random(7);
  const auto few = [&random] { return random() % 3; };
  for (int i = 0; i < 2000; ++i) {
    Counts counts{.pending = few(),
                  .running = few(),
                  .done = few(),
                  .cached = few(),
                  .failed = few(),
                  .cancelled = few(),
                  .skipped = few()};
    counts.total = counts.live() + counts.terminal();

    const v1::JobState state = job_state(counts);

    EXPECT_EQ(is_terminal(state), counts.live() == 0);
    EXPECT_TRUE(state != v1::JOB_STATE_DONE || counts.failed + counts.cancelled == 0);
    EXPECT_TRUE(state != v1::JOB_STATE_FAILED || counts.failed > 0);
    EXPECT_TRUE(state != v1::JOB_STATE_PENDING || counts.pending == counts.total);
  }
}

}  // namespace
}  // namespace furrow::core
