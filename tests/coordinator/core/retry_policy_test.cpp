#include "coordinator/core/retry_policy.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace furrow::core {
namespace {

using std::chrono::milliseconds;

/// How many tries a cell gets when every one fails in the same class.
int tries_of(v1::FailureClass failure_class) {
  Failures failures;
  for (int tries = 1; tries < 100; ++tries) {
    const Verdict verdict = judge(failure_class, false, failures, 0.5);
    if (!verdict.retry) return tries;
    if (verdict.charged) failures.add(failure_class);
  }
  return 100;
}

TEST(RetryPolicy, TriesByClass) {
  EXPECT_EQ(tries_of(v1::FAILURE_CLASS_INPUT), 1);
  EXPECT_EQ(tries_of(v1::FAILURE_CLASS_NAN), 2);
  EXPECT_EQ(tries_of(v1::FAILURE_CLASS_TIMEOUT), 2);
  EXPECT_EQ(tries_of(v1::FAILURE_CLASS_LOST), 3);
  EXPECT_EQ(tries_of(v1::FAILURE_CLASS_OOM), 3);
  EXPECT_EQ(tries_of(v1::FAILURE_CLASS_GPU_FAULT), 3);
  EXPECT_EQ(tries_of(v1::FAILURE_CLASS_REJECTED), 3);
  EXPECT_EQ(tries_of(v1::FAILURE_CLASS_INTERNAL), 3);
  EXPECT_EQ(tries_of(v1::FAILURE_CLASS_IO), 6);
  EXPECT_EQ(tries_of(v1::FAILURE_CLASS_CANCELLED), 100);
}

TEST(RetryPolicy, ThreeTriesEndItWhateverTheClasses) {
  Failures failures;
  failures.add(v1::FAILURE_CLASS_OOM);
  failures.add(v1::FAILURE_CLASS_LOST);

  EXPECT_FALSE(judge(v1::FAILURE_CLASS_GPU_FAULT, false, failures, 0).retry);
  EXPECT_TRUE(judge(v1::FAILURE_CLASS_IO, false, failures, 0).retry);
  EXPECT_TRUE(judge(v1::FAILURE_CLASS_CANCELLED, false, failures, 0).retry);
}

TEST(RetryPolicy, IoWaitsTwiceAsLongEachTimeWithinItsSpread) {
  Failures failures;
  for (int n = 0; n < 5; ++n) {
    const Verdict shortest = judge(v1::FAILURE_CLASS_IO, false, failures, 0);
    const Verdict longest = judge(v1::FAILURE_CLASS_IO, false, failures, 0.999);
    EXPECT_EQ(shortest.wait, milliseconds(500 << n));
    EXPECT_LE(longest.wait, milliseconds(1500 << n));
    failures.add(v1::FAILURE_CLASS_IO);
  }
}

TEST(RetryPolicy, BlamesTheCellOnlyForItsOwnFaults) {
  EXPECT_FALSE(judge(v1::FAILURE_CLASS_CANCELLED, false, {}, 0).charged);
  EXPECT_TRUE(judge(v1::FAILURE_CLASS_LOST, false, {}, 0).elsewhere);
  EXPECT_FALSE(judge(v1::FAILURE_CLASS_IO, false, {}, 0).elsewhere);
}

TEST(RetryPolicy, AnUnknownClassOfANewerWorkerIsTakenAsInternal) {
  const auto unknown = static_cast<v1::FailureClass>(99);
  EXPECT_EQ(tries_of(unknown), 3);
}

}  // namespace
}  // namespace furrow::core
