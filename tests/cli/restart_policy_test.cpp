#include "cli/process/restart_policy.h"

#include <csignal>

#include <gtest/gtest.h>

namespace furrow::cli {

namespace {

using std::chrono::milliseconds, std::chrono::seconds;

const Ending kKilled{0, SIGKILL};

TEST(RestartPolicy, StartsACrashedProgramAgainLaterEachTime) {
  RestartPolicy policy;
  const Instant start;

  EXPECT_EQ(policy.after(kKilled, start), milliseconds(500));
  EXPECT_EQ(policy.after({1, 0}, start + seconds(1)), milliseconds(1000));
  EXPECT_EQ(policy.after(kKilled, start + seconds(2)), milliseconds(2000));
}

TEST(RestartPolicy, GivesUpOnTheFifthCrashOfAMinute) {
  RestartPolicy policy;
  const Instant start;
  for (int crash = 0; crash < 4; ++crash) {
    EXPECT_TRUE(policy.after(kKilled, start + seconds(crash)));
  }

  EXPECT_FALSE(policy.after(kKilled, start + seconds(5)));
}

TEST(RestartPolicy, ForgivesCrashesOfLongAgo) {
  RestartPolicy policy;
  Instant now;
  for (int crash = 0; crash < 20; ++crash) {
    EXPECT_EQ(policy.after(kKilled, now), milliseconds(500));
    now += seconds(61);
  }
}

TEST(RestartPolicy, DoesNotStartWhatRefusesToRun) {
  for (const int code : {2, 3, 4, 7, 127}) {
    RestartPolicy policy;
    EXPECT_FALSE(policy.after({code, 0}, Instant())) << code;
  }
}

}  // namespace

}  // namespace furrow::cli
