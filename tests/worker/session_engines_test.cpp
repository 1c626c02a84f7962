#include "tests/worker/session_bench.h"

namespace furrow::worker {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using From = v1::FromWorker;

TEST(SessionEngines, ADeathIsReportedForEachCellThatWasBegun) {
  auto bench = a_working_bench(2);
  bench.offer({1, 2, 3});
  bench.progress(1, 8);
  bench.progress(2, 0, 0, v1::PHASE_ENCODING);

  bench.engine_exited();

  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(2));
  EXPECT_EQ(failures[0].token().cell(), 1u);
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_LOST);
  EXPECT_THAT(failures[0].detail(),
              AllOf(HasSubstr("cpu"), HasSubstr("signal 9 (Killed)"), HasSubstr("step 8 of 20")));
  EXPECT_EQ(failures[0].log_tail(), "last words");
  EXPECT_THAT(failures[1].detail(), HasSubstr("encoded the prompt"));
  EXPECT_TRUE(failures[0].shared() && failures[1].shared()) << "either may have been the cause";
}

TEST(SessionEngines, ACellThatWasAloneIsTheCause) {
  auto bench = a_working_bench(2);
  bench.offer({1, 2});
  bench.progress(1, 8);

  bench.engine_exited();

  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_FALSE(failures[0].shared()) << "the other one only waited";
}

TEST(SessionEngines, ACellToBeTriedAloneGetsAnEngineToItself) {
  auto bench = a_working_bench(4);
  bench.offer({1, 2, 3}, 1, {2});
  EXPECT_THAT(bench.take_given(), ElementsAre(1, 3)) << "what can go together goes first";

  bench.rendered(1, "picture 1");
  EXPECT_THAT(bench.take_given(), IsEmpty());
  bench.rendered(3, "picture 3");

  EXPECT_THAT(bench.take_given(), ElementsAre(2));
}

TEST(SessionEngines, AFaultOfTheDeviceEndsItsEngine) {
  auto bench = a_working_bench(2);
  bench.offer({1});
  bench.progress(1, 8);
  bench.forget_effects();

  bench.engine_failed(1, v1::FAILURE_CLASS_GPU_FAULT);

  EXPECT_THAT(bench.take<KillEngine>(), SizeIs(1));
}

TEST(SessionEngines, CellsThatWereNotBegunGoToTheNextEngine) {
  auto bench = a_working_bench(2);
  bench.offer({1, 2, 3});
  bench.progress(1, 8);
  bench.forget_effects();

  bench.engine_exited();
  bench.tick();
  EXPECT_THAT(bench.take<StartEngine>(), SizeIs(1));
  bench.engine_ready(0, 2);

  EXPECT_THAT(bench.take_given(), ElementsAre(2, 3));
}

TEST(SessionEngines, ACellInTheQueueOfTwoDyingEnginesIsReported) {
  auto bench = a_working_bench(2);
  bench.offer({1});

  bench.engine_exited();
  EXPECT_THAT(bench.take_failures(), IsEmpty());
  bench.pass(1s);
  bench.engine_ready();
  bench.engine_exited();

  EXPECT_THAT(bench.take_failures(), SizeIs(1));
}

TEST(SessionEngines, ADeathForWantOfMemoryIsCalledThat) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.progress(1, 8);

  bench.engine_exited(0, {"was killed by signal 9 (Killed)", true});

  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_OOM);
}

TEST(SessionEngines, AFailureIsPassedOnWithTheEnginesWords) {
  auto bench = a_working_bench();
  bench.offer({1});

  bench.engine_failed(1, v1::FAILURE_CLASS_INPUT);

  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_INPUT);
  EXPECT_EQ(failures[0].detail(), "no such thing");
  EXPECT_EQ(failures[0].log_tail(), "last words");
}

TEST(SessionEngines, AnEngineIsStartedAgainAtOnceThenLessAndLessOften) {
  auto bench = a_working_bench();
  bench.forget_effects();
  std::vector<int> starts_within;  // 100 ms each
  for (int death = 0; death < 4; ++death) {
    bench.engine_exited();
    int ticks = 0;
    while (bench.take<StartEngine>().empty()) {
      bench.pass(100ms);
      ++ticks;
    }
    starts_within.push_back(ticks);
    bench.engine_ready();
  }

  EXPECT_THAT(starts_within, ElementsAre(1, 5, 10, 20));
}

TEST(SessionEngines, ACellThatIsOverShowsAnEngineToBeInGoodHealth) {
  auto bench = a_working_bench();
  for (int death = 0; death < 5; ++death) {
    bench.offer({static_cast<std::uint64_t>(death)});
    bench.rendered(static_cast<std::uint64_t>(death), "picture");
    bench.forget_effects();
    bench.engine_exited();
    bench.pass(100ms);
    EXPECT_THAT(bench.take<StartEngine>(), SizeIs(1));
    bench.engine_ready();
  }
}

TEST(SessionEngines, ADeviceWhoseEngineNeverStartsIsTakenBack) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.forget_effects();
  bench.engine_exited();
  for (int i = 0; i < EngineSlot::kFailedStartsOfALostDevice; ++i) {
    while (bench.take<StartEngine>().empty()) bench.pass(100ms);
    bench.engine_exited(0, {"exited with code 127"});
  }

  EXPECT_EQ(bench.session().credits(), 0u);
  const auto told = bench.take_sent(&From::has_capabilities);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back().capabilities().devices_size(), 0);
  EXPECT_THAT(bench.take_failures(), SizeIs(1));

  bench.pass(1min);
  EXPECT_THAT(bench.take<StartEngine>(), testing::Not(IsEmpty())) << "but it is tried again";
  bench.engine_ready();
  EXPECT_GT(bench.session().credits(), 0u);
}

TEST(SessionEngines, ALeaseThatNoEngineCanTakeFailsInsteadOfWaiting) {
  auto bench = a_working_bench();
  bench.engine_exited();
  for (int i = 0; i < EngineSlot::kFailedStartsOfALostDevice; ++i) {
    bench.pass(10s);
    bench.engine_exited(0, {"exited with code 127"});
  }
  bench.forget_effects();

  bench.offer({1});

  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_THAT(failures[0].detail(), HasSubstr("exited with code 127"));
}

TEST(SessionEngines, AnotherProtocolIsNotSpoken) {
  SessionBench bench;
  v1::EngineHello hello;
  hello.set_protocol(2);

  bench.session().on_engine_hello(0, hello, Instant{} + 1h);
  bench.tick();

  EXPECT_THAT(bench.take<KillEngine>(), SizeIs(1));
}

// Stuck engines.

TEST(SessionEngines, AnEngineThatNeverSaysHelloIsKilled) {
  SessionBench bench;

  bench.pass(EngineSlot::kStartAllowance + 1s);

  EXPECT_THAT(bench.take<KillEngine>(), SizeIs(1));
}

TEST(SessionEngines, AStuckStepIsKilledAndReportedAsTimeout) {
  auto bench = a_working_bench();
  bench.offer({1});
  for (std::uint32_t step = 1; step <= 5; ++step) {
    bench.pass(1s);
    bench.progress(1, step);
  }

  bench.pass(14s);
  EXPECT_THAT(bench.take<KillEngine>(), IsEmpty());
  bench.pass(2s);
  EXPECT_THAT(bench.take<KillEngine>(), SizeIs(1));
  bench.pass(5s);
  EXPECT_THAT(bench.take<KillEngine>(), IsEmpty()) << "once is enough";
  bench.engine_exited();
  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_TIMEOUT);
  EXPECT_THAT(failures[0].detail(), AllOf(HasSubstr("no progress"), HasSubstr("step 5 of 20")));
}

TEST(SessionEngines, SlowStepsAreGivenEightTimesTheirUsualTime) {
  auto bench = a_working_bench();
  bench.offer({1});
  for (std::uint32_t step = 1; step <= 4; ++step) {
    bench.pass(10s);
    bench.progress(1, step);
  }

  bench.pass(79s);
  EXPECT_THAT(bench.take<KillEngine>(), IsEmpty());
  bench.pass(3s);
  EXPECT_THAT(bench.take<KillEngine>(), SizeIs(1));
}

TEST(SessionEngines, LoadingAModelMayTakeMinutesButNotForEver) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.progress(1, 0, 0, v1::PHASE_LOADING);

  bench.pass(StepWatch::kLongest - 1s);
  EXPECT_THAT(bench.take<KillEngine>(), IsEmpty());
  bench.pass(2s);
  EXPECT_THAT(bench.take<KillEngine>(), SizeIs(1));
}

TEST(SessionEngines, AnIdleEngineIsNeverStuck) {
  auto bench = a_working_bench();

  bench.pass(1h);
  bench.offer({1});
  bench.pass(1s);

  EXPECT_THAT(bench.take<KillEngine>(), IsEmpty());
}

TEST(SessionEngines, AnEngineThatIsBeingKilledGetsNoMoreCells) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.progress(1, 1);
  bench.pass(1s);
  bench.progress(1, 2);
  bench.pass(20s);
  bench.forget_effects();

  bench.offer({2});

  EXPECT_THAT(bench.take_given(), IsEmpty());
}

}  // namespace
}  // namespace furrow::worker
