#include "coordinator/scheduler/pick.h"

#include <vector>

#include <gtest/gtest.h>

namespace furrow::scheduler {
namespace {

TEST(Turn, HigherPriorityThenOlderJob) {
  const Turn urgent{.priority = 5, .job = JobId{9}};
  const Turn older{.priority = 0, .job = JobId{1}};
  const Turn newer{.priority = 0, .job = JobId{2}};

  EXPECT_LT(urgent, older);
  EXPECT_LT(older, newer);
}

TEST(Pick, PrefersTheModelInMemoryThenRetriesThenRenderOrder) {
  const Candidate early{.lane = 0, .position = 0};
  const Candidate late{.lane = 1, .position = 7};
  const Candidate retry{.lane = 2, .retry = true, .position = 9};
  const Candidate resident{.lane = 3, .resident = true, .position = 8};

  EXPECT_EQ(pick({}), std::nullopt);
  EXPECT_EQ(pick(std::vector{late, early}), 1U);
  EXPECT_EQ(pick(std::vector{early, retry}), 1U);
  EXPECT_EQ(pick(std::vector{retry, resident, early}), 1U);
}

}  // namespace
}  // namespace furrow::scheduler
