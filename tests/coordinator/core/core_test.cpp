#include "coordinator/core/core.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/core/retry_policy.h"
#include "tests/coordinator/support/farm.h"

namespace furrow::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::a_hello;
using test::a_sweep;
using test::Farm;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::uint64_t> cells_of(const std::vector<v1::Token>& tokens) {
  std::vector<std::uint64_t> cells;
  for (const v1::Token& token : tokens) cells.push_back(token.cell());
  return cells;
}

TEST(Dispatch, AWorkerGetsAsManyCellsAsItHasCredits) {
  Farm farm;
  farm.submits(a_sweep().with_seeds(10).grid());

  const SessionId worker = farm.joins(a_hello("a", 3));

  EXPECT_THAT(cells_of(farm.leases(worker)), ElementsAre(0, 1, 2));
  EXPECT_TRUE(farm.last<v1::PlanDefinition>(worker).has_value());
  const auto leased = farm.stored<LeaseCells>();
  ASSERT_EQ(leased.size(), 1U);
  EXPECT_EQ(leased[0].cells.size(), 3U);
}

TEST(Dispatch, AResultMakesRoomForTheNextCell) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().with_seeds(3).grid());
  const SessionId worker = farm.joins(a_hello("a", 1));

  EXPECT_EQ(farm.renders(worker, farm.only_lease(worker)), v1::RESULT_OUTCOME_ACCEPTED);

  EXPECT_THAT(cells_of(farm.leases(worker)), ElementsAre(1));
  EXPECT_EQ(farm.view(job).cells().done(), 1U);
  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_RUNNING);
}

TEST(Dispatch, ThePlanGoesOutOnceASession) {
  Farm farm;
  farm.submits(a_sweep().with_seeds(2).grid());
  const SessionId worker = farm.joins(a_hello("a", 1));

  farm.renders(worker, farm.only_lease(worker));

  EXPECT_THAT(cells_of(farm.leases(worker)), ElementsAre(1));
  EXPECT_EQ(farm.count<v1::PlanDefinition>(worker), 1U);
}

TEST(Dispatch, HigherPriorityFirstThenTheOlderJob) {
  Farm farm;
  const JobId first = farm.submits(a_sweep().with_seeds(1).grid(), "first");
  farm.submits(a_sweep().with_prompt("b").with_seeds(1).grid(), "second");
  const JobId urgent = farm.submits(a_sweep().with_prompt("c").with_seeds(1).grid(), "urgent", 5);

  const SessionId worker = farm.joins(a_hello("a", 2));

  const auto leases = farm.leases(worker);
  ASSERT_EQ(leases.size(), 2U);
  EXPECT_EQ(leases[0].job(), urgent.value);
  EXPECT_EQ(leases[1].job(), first.value);
}

TEST(Dispatch, StaysWithTheModelInMemory) {
  Farm farm;
  farm.submits(a_sweep().with_models({"cats", "dogs"}).with_seeds(3).grid());
  const SessionId dogs_only = farm.joins(a_hello("d", 1, {"dogs"}));
  ASSERT_THAT(cells_of(farm.leases(dogs_only)),
              ElementsAre(1));  // model is the first axis: odd cells
  farm.take(farm.core().on_capabilities(
      dogs_only,
      [] {
        v1::Capabilities both;
        const v1::Hello hello = a_hello("d", 1, {"cats", "dogs"});
        *both.mutable_devices() = hello.devices();
        *both.mutable_models() = hello.models();
        both.set_credits(1);
        return both;
      }(),
      farm.now()));

  farm.renders(dogs_only, farm.only_lease(dogs_only));

  EXPECT_THAT(cells_of(farm.leases(dogs_only)), ElementsAre(3));
}

TEST(Dispatch, CellsThatNobodyCanRenderAreSaidToBeSo) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().with_models({"cats", "dogs"}).with_seeds(3).grid());
  EXPECT_THAT(farm.view(job).waiting_for(), HasSubstr("No worker is connected"));

  const SessionId worker = farm.joins(a_hello("a", 10, {"cats"}));
  EXPECT_EQ(farm.view(job).cells().infeasible(), 3U);
  EXPECT_EQ(farm.view(job).cells().running(), 3U);
  for (const v1::Token& token : farm.leases(worker)) farm.renders(worker, token);

  EXPECT_EQ(farm.view(job).cells().pending(), 0U);
  EXPECT_THAT(farm.view(job).waiting_for(), HasSubstr("No connected worker has model dogs"));
  const SessionId able = farm.joins(a_hello("b", 10, {"dogs"}));
  EXPECT_EQ(farm.leases(able).size(), 3U);
  EXPECT_EQ(farm.view(job).cells().infeasible(), 0U);
}

TEST(Result, ASecondOneIsAcknowledgedAndDropped) {
  Farm farm;
  farm.submits(a_sweep().with_seeds(2).grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  const v1::Token token = farm.only_lease(worker);
  farm.renders(worker, token);

  EXPECT_EQ(farm.renders(worker, token), v1::RESULT_OUTCOME_DUPLICATE);

  EXPECT_EQ(farm.stored<CompleteCell>().size(), 1U);
}

TEST(Result, OfAnotherRecipeFailsTheAttempt) {
  Farm farm;
  farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));

  EXPECT_EQ(farm.renders(worker, farm.only_lease(worker), false), v1::RESULT_OUTCOME_MISMATCH);

  EXPECT_TRUE(farm.stored<CompleteCell>().empty());
  ASSERT_EQ(farm.stored<RecordAttempt>().size(), 1U);
  EXPECT_EQ(farm.only_lease(worker).attempt(), 2U);
}

TEST(Result, OfAnUnknownCellOrATokenNeverIssuedIsUnknown) {
  Farm farm;
  farm.submits(a_sweep().with_seeds(2).grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  v1::Token token = farm.only_lease(worker);

  token.set_attempt(2);
  EXPECT_EQ(farm.renders(worker, token), v1::RESULT_OUTCOME_UNKNOWN);
  token.set_cell(1);
  EXPECT_EQ(farm.renders(worker, token), v1::RESULT_OUTCOME_UNKNOWN);
  token.set_job(77);
  EXPECT_EQ(farm.renders(worker, token), v1::RESULT_OUTCOME_UNKNOWN);
}

TEST(Result, LateButRightIsSalvagedAndTheNewerAttemptCalledOff) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  const SessionId slow = farm.joins(a_hello("slow", 1));
  const v1::Token old = farm.only_lease(slow);
  farm.goes(slow);
  farm.advance(seconds(11));
  farm.tick();
  const SessionId quick = farm.joins(a_hello("quick", 1));
  ASSERT_EQ(farm.only_lease(quick).attempt(), 2U);
  const SessionId back = farm.joins(a_hello("slow", 0));

  EXPECT_EQ(farm.renders(back, old), v1::RESULT_OUTCOME_SALVAGED);

  EXPECT_TRUE(farm.leases(quick).empty());
  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_DONE);
  EXPECT_EQ(farm.stored<CompleteCell>().size(), 1U);
}

TEST(Lease, AWorkerThatComesBackInTimeGoesOn) {
  Farm farm;
  farm.submits(a_sweep().grid());
  const SessionId before = farm.joins(a_hello("a", 1));
  const v1::Token token = farm.only_lease(before);
  farm.goes(before);
  farm.advance(seconds(5));
  farm.tick();
  v1::Hello hello = a_hello("a", 1);
  *hello.add_held()->mutable_token() = token;

  const SessionId after = farm.joins(hello);

  const auto welcome = farm.last<v1::Welcome>(after);
  ASSERT_EQ(welcome->adopted_size(), 1);
  EXPECT_EQ(welcome->dropped_size(), 0);
  EXPECT_TRUE(farm.stored<RecordAttempt>().empty());
  EXPECT_EQ(farm.renders(after, welcome->adopted(0)), v1::RESULT_OUTCOME_ACCEPTED);
}

TEST(Lease, AWorkerThatComesBackWithoutItLosesIt) {
  Farm farm;
  farm.submits(a_sweep().grid());
  const SessionId before = farm.joins(a_hello("a", 1));
  farm.goes(before);

  const SessionId after = farm.joins(a_hello("a", 1));

  EXPECT_EQ(farm.only_lease(after).attempt(), 2U);
}

TEST(Lease, ASilentWorkerIsGoneAndItsCellGoesToAnother) {
  Farm farm;
  farm.submits(a_sweep().grid());
  const SessionId silent = farm.joins(a_hello("silent", 1));
  const SessionId alive = farm.joins(a_hello("alive", 1));
  farm.progresses(silent, farm.only_lease(silent), 1);

  farm.advance_alive(seconds(6), {alive});
  EXPECT_THAT(farm.closed(), ElementsAre(silent));
  EXPECT_TRUE(farm.leases(alive).empty());
  farm.advance_alive(seconds(11), {alive});

  EXPECT_EQ(farm.only_lease(alive).attempt(), 2U);
}

TEST(Lease, BeingAliveDoesNotKeepACellThatDoesNotMove) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  const v1::Token stuck = farm.only_lease(worker);
  for (std::uint32_t step = 1; step <= 3; ++step) {
    farm.progresses(worker, stuck, step);
    farm.advance_alive(seconds(1), {worker});
  }

  farm.advance_alive(seconds(13), {worker});
  ASSERT_EQ(farm.leases(worker).size(), 1U);
  EXPECT_EQ(farm.only_lease(worker).attempt(), 1U);
  farm.advance_alive(seconds(3), {worker});

  EXPECT_EQ(farm.last<v1::LeaseRevoked>(worker)->reason(), "no progress");
  EXPECT_EQ(farm.only_lease(worker).attempt(), 2U);
  EXPECT_EQ(farm.stored<RecordAttempt>().at(0).failure_class, v1::FAILURE_CLASS_TIMEOUT);
  EXPECT_EQ(farm.view(job).cells().running(), 1U);
}

TEST(Lease, LoadingAModelMayTakeMinutes) {
  Farm farm;
  farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));

  farm.advance_alive(minutes(9), {worker});
  EXPECT_TRUE(farm.stored<RecordAttempt>().empty());
  farm.advance_alive(minutes(2), {worker});

  EXPECT_EQ(farm.stored<RecordAttempt>().size(), 1U);
}

TEST(Failure, InputFailsTheCellAtOnce) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));

  farm.fails(worker, farm.only_lease(worker), v1::FAILURE_CLASS_INPUT);

  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_FAILED);
  ASSERT_EQ(farm.stored<FailCell>().size(), 1U);
  EXPECT_EQ(farm.stored<FailCell>()[0].error, "it broke");
}

TEST(Failure, ThreeLostTriesAndTheCellHasFailed) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_EQ(farm.only_lease(worker).attempt(), attempt);
    farm.fails(worker, farm.only_lease(worker), v1::FAILURE_CLASS_LOST);
  }

  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(farm.stored<RecordAttempt>().size(), 3U);
}

TEST(Failure, CellsOfAnEngineThatDiedAreTriedAloneAndNotCharged) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().with_seeds(2).grid());
  const SessionId worker = farm.joins(a_hello("a", 2));
  const std::vector<v1::Token> together = farm.leases(worker);
  ASSERT_EQ(together.size(), 2U);

  for (const v1::Token& token : together) {
    farm.fails(worker, token, v1::FAILURE_CLASS_LOST, true);
  }

  for (const RecordAttempt& attempt : farm.stored<RecordAttempt>()) EXPECT_FALSE(attempt.charged);
  EXPECT_EQ(farm.last<v1::LeaseOffer>(worker)->alone_size(), 1);
  const v1::Token innocent = farm.leases(worker)[2];
  const v1::Token guilty = farm.leases(worker)[3];
  farm.renders(worker, innocent);
  farm.fails(worker, guilty, v1::FAILURE_CLASS_LOST);
  farm.fails(worker, farm.only_lease(worker), v1::FAILURE_CLASS_LOST);
  EXPECT_EQ(farm.view(job).cells().done(), 1U);
  EXPECT_EQ(farm.view(job).cells().failed(), 1U) << "three tries, two of them alone";
}

TEST(Failure, SharedDeathsAloneAreBoundedToo) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));

  for (std::uint32_t i = 0; i < kMaxVanished; ++i) {
    farm.fails(worker, farm.only_lease(worker), v1::FAILURE_CLASS_LOST, true);
  }

  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_FAILED);
}

TEST(Failure, AWorkerThatCannotUseItsModelGetsNoMoreOfItWhileAnotherCan) {
  Farm farm;
  farm.submits(a_sweep().with_seeds(10).grid());
  const SessionId broken = farm.joins(a_hello("broken", 1));
  farm.joins(a_hello("whole", 1));

  farm.fails(broken, farm.only_lease(broken), v1::FAILURE_CLASS_REJECTED);

  EXPECT_EQ(farm.count<v1::LeaseOffer>(broken), 1U);
}

TEST(Failure, ACellThatEveryWorkerTurnsAwayFailsInTheEnd) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));

  for (int i = 0; i < 3; ++i) {
    farm.fails(worker, farm.only_lease(worker), v1::FAILURE_CLASS_REJECTED);
  }

  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_FAILED);
}

TEST(Failure, TheNextTryIsElsewhereWhenSomeoneElseCan) {
  Farm farm;
  farm.submits(a_sweep().with_seeds(2).grid());
  const SessionId first = farm.joins(a_hello("first", 1));
  const SessionId second = farm.joins(a_hello("second", 1));
  const v1::Token failed = farm.only_lease(first);

  farm.fails(first, failed, v1::FAILURE_CLASS_LOST);

  const std::vector<v1::Token> leases = farm.leases(first);
  EXPECT_TRUE(std::none_of(leases.begin(), leases.end(),
                           [](const v1::Token& token) { return token.attempt() == 2; }));
  farm.renders(second, farm.only_lease(second));
  EXPECT_EQ(farm.only_lease(second).cell(), failed.cell());
  EXPECT_EQ(farm.only_lease(second).attempt(), 2U);
}

TEST(Failure, ACellDoesNotHoldOutForAnotherWorkerForever) {
  Farm farm;
  farm.submits(a_sweep().with_seeds(2).grid());
  const SessionId first = farm.joins(a_hello("first", 1));
  const SessionId busy = farm.joins(a_hello("busy", 1));
  farm.progresses(busy, farm.only_lease(busy), 1);
  farm.fails(first, farm.leases(first)[0], v1::FAILURE_CLASS_LOST);

  farm.advance_alive(seconds(31), {first, busy});

  ASSERT_FALSE(farm.leases(first).empty());
  EXPECT_EQ(farm.only_lease(first).attempt(), 2U);
}

TEST(Failure, IoWaitsBeforeTheNextTry) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  const v1::Token token = farm.only_lease(worker);

  farm.fails(worker, token, v1::FAILURE_CLASS_IO);
  EXPECT_THAT(farm.view(job).waiting_for(), HasSubstr("pause"));
  farm.advance(milliseconds(400));
  farm.tick();
  EXPECT_EQ(farm.view(job).cells().running(), 0U);
  farm.advance(milliseconds(1200));
  farm.tick();

  EXPECT_EQ(farm.only_lease(worker).attempt(), 2U);
}

TEST(Failure, AWorkerThatSaysGoodbyeBlamesNoCell) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  for (int i = 0; i < 10; ++i) {
    const SessionId worker = farm.joins(a_hello("a", 1));
    farm.progresses(worker, farm.only_lease(worker), 3);
    farm.take(farm.core().on_goodbye(worker, {}, farm.now()));
  }

  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_PENDING);
  const SessionId worker = farm.joins(a_hello("a", 1));
  EXPECT_EQ(farm.only_lease(worker).attempt(), 11U);
}

TEST(Failure, ACellThatItsWorkersDieOfIsGivenUp) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  for (std::uint32_t i = 0; i < kMaxVanished; ++i) {
    const SessionId worker = farm.joins(a_hello("a", 1));
    ASSERT_EQ(farm.only_lease(worker).attempt(), i + 1);
    farm.progresses(worker, farm.only_lease(worker), 3);
    farm.goes(worker);
  }
  farm.joins(a_hello("a", 1));

  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_FAILED);
}

TEST(Cancel, CostsNothingForCellsThatWereNeverTouched) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().with_seeds(50'000).grid());
  const SessionId worker = farm.joins(a_hello("a", 2));
  farm.renders(worker, farm.only_lease(worker));

  farm.take(*farm.core().on_job_cancelled(job, farm.now()));

  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(farm.view(job).cells().cancelled(), 49'999U);
  EXPECT_EQ(farm.view(job).cells().done(), 1U);
  EXPECT_EQ(farm.last<v1::LeaseRevoked>(worker)->tokens_size(), 2);
  EXPECT_EQ(farm.stored<CancelCells>().size(), 1U);
  EXPECT_TRUE(farm.core().on_job_cancelled(job, farm.now()).has_value());
}

TEST(Cancel, AResultThatComesAfterwardsIsDropped) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  const v1::Token token = farm.only_lease(worker);
  farm.take(*farm.core().on_job_cancelled(job, farm.now()));

  EXPECT_EQ(farm.renders(worker, token), v1::RESULT_OUTCOME_DUPLICATE);
}

TEST(Cancel, OfAJobThatIsOverIsAConflict) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  farm.renders(worker, farm.only_lease(worker));

  EXPECT_EQ(farm.core().on_job_cancelled(job, farm.now()).error().kind, ErrorKind::Conflict);
  EXPECT_EQ(farm.core().on_job_cancelled(JobId{9}, farm.now()).error().kind, ErrorKind::NotFound);
}

TEST(Retry, FailedAndCancelledCellsStartAfresh) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().with_seeds(10).grid());
  const SessionId worker = farm.joins(a_hello("a", 2));
  farm.fails(worker, farm.leases(worker)[0], v1::FAILURE_CLASS_INPUT);
  farm.take(*farm.core().on_job_cancelled(job, farm.now()));

  farm.take(*farm.core().on_job_retried(job, std::nullopt, farm.now()));

  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_RUNNING);
  for (int i = 0; i < 10; ++i) {
    ASSERT_FALSE(farm.leases(worker).empty());
    EXPECT_EQ(farm.renders(worker, farm.only_lease(worker)), v1::RESULT_OUTCOME_ACCEPTED);
  }
  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_DONE);
  EXPECT_EQ(farm.core().on_job_retried(job, std::nullopt, farm.now()).error().kind,
            ErrorKind::Conflict);
}

TEST(Cache, ARecipeThatWasRenderedIsNotRenderedAgain) {
  Farm farm;
  farm.submits(a_sweep().with_seeds(2).grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  farm.renders(worker, farm.only_lease(worker));
  farm.renders(worker, farm.only_lease(worker));

  const JobId grown = farm.submits(a_sweep().with_seeds(3).grid());

  EXPECT_EQ(farm.view(grown).cells().cached(), 2U);
  EXPECT_THAT(cells_of(farm.leases(worker)), ElementsAre(2));
  const auto copies = farm.stored<CacheCell>();
  ASSERT_EQ(copies.size(), 2U);
  EXPECT_EQ(copies[1].source, (CellKey{JobId{1}, CellIndex{1}}));
}

TEST(Cache, EqualCellsOfOneJobAreRenderedOnce) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().with_seeds(5, 0).grid());
  const SessionId worker = farm.joins(a_hello("a", 4));
  ASSERT_EQ(farm.leases(worker).size(), 1U);

  farm.renders(worker, farm.only_lease(worker));

  EXPECT_EQ(farm.view(job).cells().done(), 1U);
  EXPECT_EQ(farm.view(job).cells().cached(), 4U);
  EXPECT_EQ(farm.view(job).state(), v1::JOB_STATE_DONE);
}

TEST(Cache, WhenTheFirstOfEqualCellsFailsAnotherIsTried) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().with_seeds(3, 0).grid());
  const SessionId worker = farm.joins(a_hello("a", 4));

  farm.fails(worker, farm.only_lease(worker), v1::FAILURE_CLASS_INPUT);
  ASSERT_EQ(farm.leases(worker).size(), 2U);  // the failed one was offered, another is now
  farm.renders(worker, farm.only_lease(worker));

  EXPECT_EQ(farm.view(job).cells().failed(), 1U);
  EXPECT_EQ(farm.view(job).cells().done(), 1U);
  EXPECT_EQ(farm.view(job).cells().cached(), 1U);
}

TEST(Cache, ManyCachedCellsDoNotHoldUpTheFarm) {
  Farm farm;
  farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  farm.renders(worker, farm.only_lease(worker));

  const JobId same = farm.submits(a_sweep().with_seeds(3000, 0).grid());

  EXPECT_TRUE(farm.core().has_backlog());
  EXPECT_EQ(farm.view(same).cells().cached(), 1024U);
  while (farm.core().has_backlog()) farm.tick();
  EXPECT_EQ(farm.view(same).state(), v1::JOB_STATE_DONE);
}

TEST(Submit, TheSameTokenIsTheSameJob) {
  Farm farm;
  const auto submit = [&farm] {
    return *farm.core().on_job_submitted({.name = "x",
                                          .owner = {},
                                          .priority = 0,
                                          .client_token = "t",
                                          .grid = a_sweep().grid(),
                                          .spec = {}},
                                         farm.now());
  };
  auto first = submit();
  farm.take(std::move(first.effects));

  const auto second = submit();

  EXPECT_EQ(second.job, first.job);
  EXPECT_TRUE(second.repeated);
  EXPECT_TRUE(second.effects.empty());
}

TEST(Resolve, ByIdNameAndLast) {
  Farm farm;
  EXPECT_EQ(farm.core().resolve("last"), std::nullopt);
  const JobId first = farm.submits(a_sweep().grid(), "cats");
  const JobId second = farm.submits(a_sweep().with_prompt("b").grid(), "cats");
  farm.submits(a_sweep().with_prompt("c").grid());

  EXPECT_EQ(farm.core().resolve("1"), first);
  EXPECT_EQ(farm.core().resolve("cats"), second);
  EXPECT_EQ(farm.core().resolve("job-3"), JobId{3});
  EXPECT_EQ(farm.core().resolve("last"), JobId{3});
  EXPECT_EQ(farm.core().resolve("dogs"), std::nullopt);
  EXPECT_EQ(farm.core().resolve("4"), std::nullopt);
}

TEST(Hello, AWorkerThatSpeaksAnotherProtocolIsToldSo) {
  Farm farm;
  v1::Hello future = a_hello("a", 1);
  future.set_protocol_min(2);
  future.set_protocol_max(3);

  const SessionId worker = farm.joins(future);

  EXPECT_THAT(farm.last<v1::Refusal>(worker)->reason(), HasSubstr("2 to 3"));
  EXPECT_THAT(farm.closed(), ElementsAre(worker));
}

TEST(Hello, TheNewerConnectionOfAWorkerReplacesTheOlder) {
  Farm farm;
  farm.submits(a_sweep().grid());
  const SessionId former = farm.joins(a_hello("a", 1));
  const v1::Token token = farm.only_lease(former);
  v1::Hello again = a_hello("a", 1);
  *again.add_held()->mutable_token() = token;

  const SessionId latter = farm.joins(again);

  EXPECT_TRUE(farm.last<v1::Refusal>(former).has_value());
  EXPECT_EQ(farm.last<v1::Welcome>(latter)->adopted_size(), 1);
  EXPECT_TRUE(farm.core().on_heartbeat(former, {}, farm.now()).empty());
}

TEST(Views, OfWorkersSayWhatTheyDo) {
  Farm farm;
  farm.submits(a_sweep().with_seeds(4).grid(), "first");
  const SessionId worker = farm.joins(a_hello("a", 3));
  farm.joins(a_hello("b", 0));

  const auto views = farm.core().workers(farm.now());

  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[0].doing(), "rendering 3 cells of job first");
  EXPECT_EQ(views[0].held(), 3U);
  EXPECT_TRUE(views[1].doing().empty());
  farm.progresses(worker, farm.only_lease(worker), 7);
  EXPECT_EQ(farm.core().running({JobId{1}, CellIndex{2}})->step, 7U);
}

TEST(Views, TheEtaKnowsCellsThatTakeLongerThanTheRateRemembers) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().with_seeds(4).grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  EXPECT_EQ(farm.view(job).eta_s(), -1);
  for (int i = 0; i < 2; ++i) {
    const v1::Token token = farm.only_lease(worker);
    for (int step = 1; step <= 20; ++step) {
      farm.advance(std::chrono::seconds(15));
      farm.progresses(worker, token, static_cast<std::uint32_t>(step));
    }
    farm.renders(worker, token);
  }

  EXPECT_NEAR(farm.view(job).eta_s(), 2 * 300, 60);
}

TEST(Jobs, OneThatIsLongOverKeepsOnlyItsCounts) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().grid());
  const SessionId worker = farm.joins(a_hello("a", 1));
  farm.renders(worker, farm.only_lease(worker));
  EXPECT_FALSE(farm.core().needs_cells(job));

  farm.advance(Settings{}.keep_over);
  farm.tick();

  EXPECT_TRUE(farm.core().needs_cells(job));
  EXPECT_EQ(farm.view(job).cells().done(), 1U);
}

TEST(Views, TheGenerationOfAJobRisesWithWhatItsViewShows) {
  Farm farm;
  const JobId job = farm.submits(a_sweep().with_seeds(4).grid());
  const std::uint64_t before = farm.core().generation(job);

  farm.joins(a_hello("a", 1));

  EXPECT_GT(farm.core().generation(job), before);
}

}  // namespace
}  // namespace furrow::core
