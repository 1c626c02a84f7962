#include "coordinator/net/watch_list.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::net {
namespace {

using std::chrono::milliseconds;
using testing::IsEmpty;
using testing::SizeIs;

JobSnapshot a_job(std::uint64_t id, std::uint64_t generation,
                  v1::JobState state = v1::JOB_STATE_RUNNING) {
  JobSnapshot snapshot{JobId(id), generation, {}};
  snapshot.view.set_id(id);
  snapshot.view.set_state(state);
  return snapshot;
}

TEST(WatchList, AChangeIsToldToWhoFollowsTheJob) {
  WatchList list;
  ASSERT_TRUE(list.add("peer", 7, a_job(1, 1), {}));

  const std::vector<JobSnapshot> snapshots{a_job(1, 2)};
  const auto due = list.take_due(snapshots, {});

  ASSERT_THAT(due, SizeIs(1));
  EXPECT_EQ(due[0].peer, "peer");
  EXPECT_EQ(due[0].correlation, 7U);
  EXPECT_EQ(due[0].view->id(), 1U);
  EXPECT_THAT(list.take_due(snapshots, {}), IsEmpty()) << "told once";
}

TEST(WatchList, AnUnchangedJobIsToldOnceASecond) {
  WatchList list;
  Instant now{};
  ASSERT_TRUE(list.add("peer", 7, a_job(1, 1), now));
  const std::vector<JobSnapshot> snapshots{a_job(1, 1)};

  EXPECT_THAT(list.take_due(snapshots, now + milliseconds(999)), IsEmpty());
  EXPECT_THAT(list.take_due(snapshots, now + milliseconds(1000)), SizeIs(1));
  EXPECT_THAT(list.take_due(snapshots, now + milliseconds(1999)), IsEmpty());
}

TEST(WatchList, TheEndOfAJobIsToldOnceAndLast) {
  WatchList list;
  ASSERT_TRUE(list.add("peer", 7, a_job(1, 1), {}));
  const std::vector<JobSnapshot> snapshots{a_job(1, 2, v1::JOB_STATE_FAILED)};

  EXPECT_THAT(list.take_due(snapshots, {}), SizeIs(1));
  EXPECT_TRUE(list.empty());
}

TEST(WatchList, AJobThatIsOverIsNotFollowed) {
  WatchList list;

  EXPECT_TRUE(list.add("peer", 7, a_job(1, 1, v1::JOB_STATE_DONE), {}));

  EXPECT_TRUE(list.empty());
}

TEST(WatchList, EachJobIsLookedAtOnceHoweverManyFollowIt) {
  WatchList list;
  ASSERT_TRUE(list.add("a", 1, a_job(1, 1), {}));
  ASSERT_TRUE(list.add("b", 1, a_job(1, 1), {}));
  ASSERT_TRUE(list.add("b", 2, a_job(2, 1), {}));

  EXPECT_THAT(list.jobs(), testing::ElementsAre(JobId(1), JobId(2)));
}

TEST(WatchList, WatchersAreBounded) {
  WatchList list;
  for (std::size_t i = 0; i < WatchList::kMaxWatchers; ++i) {
    ASSERT_TRUE(list.add("peer", i, a_job(1, 1), {}));
  }

  EXPECT_FALSE(list.add("peer", 0, a_job(1, 1), {}));
}

TEST(WatchList, APeerThatIsGoneIsForgotten) {
  WatchList list;
  ASSERT_TRUE(list.add("gone", 1, a_job(1, 1), {}));
  ASSERT_TRUE(list.add("here", 1, a_job(2, 1), {}));

  list.drop_peer("gone");

  EXPECT_THAT(list.jobs(), testing::ElementsAre(JobId(2)));
}

}  // namespace
}  // namespace furrow::net
