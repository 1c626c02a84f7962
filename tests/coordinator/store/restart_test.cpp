// The core over the real database, through the end of the process.

#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/store/database.h"
#include "coordinator/store/reader.h"
#include "tests/coordinator/store/data_folder.h"
#include "tests/coordinator/support/farm.h"

namespace furrow::store {
namespace {

using std::chrono::seconds;
using test::a_hello;
using test::a_sweep;
using test::DataFolder;
using test::Farm;

class Restart : public ::testing::Test {
 protected:
  Restart() { start(); }

  Farm& farm() { return *farm_; }

  /// Everything decided is committed, and the process starts anew.
  void restart() {
    ASSERT_TRUE(database_->commit(std::span(farm_->all_stored())).has_value());
    farm_.reset();
    database_.reset();
    start();
  }

  Reader reader() { return std::move(*Reader::open(folder_.path())); }

 private:
  void start() {
    database_.emplace(std::move(*Database::open(folder_.path())));
    farm_.emplace(*database_->load());
    farm_->core().check_invariants();
  }

  DataFolder folder_;
  std::optional<Database> database_;
  std::optional<Farm> farm_;
};

TEST_F(Restart, WhatAWorkerStillRunsGoesOnUnderTheNewEpoch) {
  const JobId job = farm().submits(a_sweep().with_seeds(2).grid());
  const SessionId before = farm().joins(a_hello("a", 1));
  const v1::Token token = farm().only_lease(before);
  restart();
  v1::Hello hello = a_hello("a", 1);
  *hello.add_held()->mutable_token() = token;

  const SessionId after = farm().joins(hello);

  const auto welcome = farm().last<v1::Welcome>(after);
  ASSERT_EQ(welcome->adopted_size(), 1);
  EXPECT_EQ(welcome->adopted(0).epoch(), token.epoch() + 1);
  EXPECT_EQ(farm().renders(after, welcome->adopted(0)), v1::RESULT_OUTCOME_ACCEPTED);
  EXPECT_EQ(farm().view(job).cells().done(), 1U);
  EXPECT_TRUE(farm().stored<core::RecordAttempt>().empty());
}

TEST_F(Restart, ALeaseWaitsForItsWorkerAndThenNobodyIsBlamed) {
  farm().submits(a_sweep().grid());
  const SessionId before = farm().joins(a_hello("a", 1));
  farm().progresses(before, farm().only_lease(before), 5);
  restart();
  const SessionId other = farm().joins(a_hello("b", 1));

  farm().advance_alive(seconds(29), {other});
  EXPECT_TRUE(farm().leases(other).empty());
  farm().advance_alive(seconds(2), {other});

  EXPECT_EQ(farm().only_lease(other).attempt(), 2U);
  ASSERT_EQ(farm().stored<core::RecordAttempt>().size(), 1U);
  EXPECT_FALSE(farm().stored<core::RecordAttempt>()[0].charged);
}

TEST_F(Restart, AFinishedPictureIsTakenThoughItsLeaseIsLost) {
  const JobId job = farm().submits(a_sweep().grid());
  const SessionId before = farm().joins(a_hello("a", 1));
  v1::Hello hello = a_hello("a", 1);
  v1::HeldAttempt& held = *hello.add_held();
  *held.mutable_token() = farm().only_lease(before);
  held.set_finished(true);
  restart();
  farm().advance(seconds(31));
  farm().tick();

  const SessionId after = farm().joins(hello);

  ASSERT_EQ(farm().last<v1::Welcome>(after)->adopted_size(), 1);
  EXPECT_EQ(farm().renders(after, held.token()), v1::RESULT_OUTCOME_SALVAGED);
  EXPECT_EQ(farm().view(job).state(), v1::JOB_STATE_DONE);
}

TEST_F(Restart, FailedTriesStillCount) {
  const JobId job = farm().submits(a_sweep().grid());
  const SessionId before = farm().joins(a_hello("a", 1));
  farm().fails(before, farm().only_lease(before), v1::FAILURE_CLASS_LOST);
  farm().fails(before, farm().only_lease(before), v1::FAILURE_CLASS_OOM);
  restart();
  const SessionId after = farm().joins(a_hello("a", 1));
  ASSERT_EQ(farm().only_lease(after).attempt(), 4U);  // 3 was leased, and did not come back

  farm().fails(after, farm().only_lease(after), v1::FAILURE_CLASS_LOST);

  EXPECT_EQ(farm().view(job).state(), v1::JOB_STATE_FAILED);
}

TEST_F(Restart, AJobThatIsOverCanBeRetried) {
  const JobId job = farm().submits(a_sweep().with_seeds(5).grid());
  const SessionId before = farm().joins(a_hello("a", 1));
  farm().renders(before, farm().only_lease(before));
  farm().fails(before, farm().only_lease(before), v1::FAILURE_CLASS_INPUT);
  farm().take(*farm().core().on_job_cancelled(job, farm().now()));
  restart();
  EXPECT_EQ(farm().view(job).state(), v1::JOB_STATE_CANCELLED);
  ASSERT_TRUE(farm().core().needs_cells(job));
  EXPECT_EQ(farm().core().grid(job), nullptr);

  auto retried = farm().core().on_job_retried(job, *reader().restored_cells(job), farm().now());
  ASSERT_TRUE(retried.has_value());
  farm().take(*std::move(retried));

  const SessionId after = farm().joins(a_hello("a", 1));
  for (int i = 0; i < 4; ++i) farm().renders(after, farm().only_lease(after));
  EXPECT_EQ(farm().view(job).state(), v1::JOB_STATE_DONE);
  EXPECT_EQ(farm().view(job).cells().done(), 5U);
}

TEST_F(Restart, PicturesOfAnEarlierLifeAreNotRenderedAgain) {
  farm().submits(a_sweep().grid());
  const SessionId before = farm().joins(a_hello("a", 1));
  farm().renders(before, farm().only_lease(before));
  restart();
  farm().joins(a_hello("a", 1));

  const JobId again = farm().submits(a_sweep().grid());

  EXPECT_EQ(farm().view(again).state(), v1::JOB_STATE_DONE);
  EXPECT_EQ(farm().view(again).cells().cached(), 1U);
}

TEST_F(Restart, TheFarmKnowsItsWorkersAndTokens) {
  farm().joins(a_hello("a", 1));
  const auto submit = [this] {
    return *farm().core().on_job_submitted({.name = "x",
                                            .owner = {},
                                            .priority = 0,
                                            .client_token = "t",
                                            .grid = a_sweep().grid(),
                                            .spec = {}},
                                           farm().now());
  };
  farm().take(submit().effects);
  restart();

  EXPECT_TRUE(submit().repeated);
  EXPECT_EQ(farm().core().numbers(farm().now()).workers_known, 1U);
  EXPECT_EQ(farm().core().numbers(farm().now()).workers_connected, 0U);
  ASSERT_EQ(farm().core().models().size(), 1U);
  EXPECT_EQ(farm().core().models()[0].model().name(), "cats");
}

TEST_F(Restart, WhichInputsAreKeptAndWantedIsRemembered) {
  farm().take(farm().core().on_inputs_stored(
      {{sha256("cat.png"), 10, false}, {sha256("dog.png"), 10, false}}, farm().now()));
  farm().submits(a_sweep().with_picture("cat.png").grid());
  restart();

  EXPECT_TRUE(farm().core().lacking_inputs({sha256("cat.png"), sha256("dog.png")}).empty());
  farm().advance(std::chrono::hours(25));
  EXPECT_THAT(farm().core().take_expired_inputs(10, farm().now()),
              testing::ElementsAre(sha256("dog.png")));
  farm().take(farm().core().on_inputs_removed({sha256("dog.png")}));
  restart();

  EXPECT_THAT(farm().core().lacking_inputs({sha256("cat.png"), sha256("dog.png")}),
              testing::ElementsAre(sha256("dog.png")));
}

}  // namespace
}  // namespace furrow::store
