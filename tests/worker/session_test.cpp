#include "tests/worker/session_bench.h"

namespace furrow::worker {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using From = v1::FromWorker;

// Coming and staying.

TEST(Session, StartsItsEnginesAndSaysHelloWhenAllAreReady) {
  SessionBench bench({"cuda:0", "cuda:1"});

  EXPECT_THAT(bench.take<StartEngine>(), SizeIs(2));
  bench.engine_ready(0, 4);
  EXPECT_THAT(bench.take<Connect>(), IsEmpty());
  bench.engine_ready(1, 4);
  EXPECT_THAT(bench.take<Connect>(), SizeIs(1));
  const auto hellos = bench.take_sent(&From::has_hello);
  ASSERT_THAT(hellos, SizeIs(1));
  EXPECT_EQ(hellos[0].epoch(), 0u);
  EXPECT_EQ(hellos[0].hello().worker(), "6e1f1f0c-0000-4000-8000-000000000001");
  EXPECT_EQ(hellos[0].hello().models_size(), 1);
  EXPECT_EQ(hellos[0].hello().devices_size(), 2);
  EXPECT_EQ(hellos[0].hello().credits(), 16u);
}

TEST(Session, SaysHelloWithoutAnEngineThatCannotStartOrTakesLong) {
  SessionBench failed;
  failed.engine_exited(0, {"exited with code 127"});
  EXPECT_THAT(failed.take_sent(&From::has_hello), SizeIs(1));

  SessionBench slow;
  slow.pass(Session::kGatherPatience);
  EXPECT_THAT(slow.take_sent(&From::has_hello), SizeIs(1));
}

TEST(Session, TellsDevicesAndCreditsWhenAnEngineIsReadyLater) {
  SessionBench bench;
  bench.welcome();
  bench.forget_effects();

  bench.engine_ready(0, 4);

  const auto told = bench.take_sent(&From::has_capabilities);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].capabilities().devices_size(), 1);
  EXPECT_EQ(told[0].capabilities().devices(0).device(), "cpu");
  EXPECT_EQ(told[0].capabilities().credits(), 8u);
}

TEST(Session, SaysNothingButHelloBeforeTheWelcome) {
  SessionBench bench;
  bench.engine_ready();
  bench.pass(2s);

  bench.take_sent(&From::has_hello);
  EXPECT_THAT(bench.take<SendToCoordinator>(), IsEmpty());
}

TEST(Session, SaysHelloAgainOnANewConnectionWhenNobodyAnswers) {
  SessionBench bench;
  bench.engine_ready();
  bench.forget_effects();

  bench.pass(Session::kHelloTimeout);

  EXPECT_THAT(bench.take<Connect>(), SizeIs(1));
  EXPECT_THAT(bench.take_sent(&From::has_hello), SizeIs(1));
}

TEST(Session, AsksAgainMuchLaterAfterARefusal) {
  SessionBench bench;
  bench.engine_ready();
  v1::ToWorker refusal;
  refusal.mutable_refusal()->set_reason("too old");
  bench.from_coordinator(refusal);
  bench.forget_effects();

  bench.pass(Session::kRefusedPause - 1s);
  EXPECT_THAT(bench.take<Connect>(), IsEmpty());
  bench.pass(1s);
  EXPECT_THAT(bench.take<Connect>(), SizeIs(1));
}

TEST(Session, BeatsAsOftenAsItIsTold) {
  auto bench = a_working_bench();

  bench.pass(10s);

  EXPECT_THAT(bench.take_sent(&From::has_heartbeat), SizeIs(10));
}

TEST(Session, ConnectsAgainWhenTheCoordinatorIsSilent) {
  auto bench = a_working_bench();
  bench.answers_heartbeats = false;

  bench.pass(Session::kShortestSilence - 100ms);
  EXPECT_THAT(bench.take<Connect>(), IsEmpty());
  bench.pass(200ms);
  EXPECT_THAT(bench.take<Connect>(), SizeIs(1));
}

TEST(Session, ConnectsAgainAtOnceWhenNothingCanBeSent) {
  auto bench = a_working_bench();

  bench.unreachable();
  EXPECT_THAT(bench.take<Connect>(), SizeIs(1));
  bench.unreachable();
  EXPECT_THAT(bench.take<Connect>(), IsEmpty()) << "once: the hello waits for the connection";
}

TEST(Session, AnyWordOfTheCoordinatorCountsAsLife) {
  auto bench = a_working_bench();
  bench.answers_heartbeats = false;

  bench.pass(3s);
  bench.plan();
  bench.pass(3s);

  EXPECT_THAT(bench.take<Connect>(), IsEmpty());
}

TEST(Session, ConnectsAgainAtTheFirstWordOfANewEpoch) {
  auto bench = a_working_bench();
  v1::ToWorker message;
  message.set_epoch(2);
  message.mutable_heartbeat();

  bench.session().on_message(message, Instant{} + 1h);
  bench.tick();

  EXPECT_THAT(bench.take<Connect>(), SizeIs(1));
}

// Leases.

TEST(Session, ExpandsALeaseByItsPlan) {
  auto bench = a_working_bench();

  bench.offer({41});

  const auto sent = bench.take<SendToEngine>();
  ASSERT_THAT(sent, SizeIs(1));
  const auto& cell = sent[0].message.render().cells(0);
  EXPECT_EQ(cell.recipe().seed(), 41u);
  EXPECT_EQ(cell.recipe().prompt(), "a cat face");
  EXPECT_EQ(cell.model_path(), "/models/emoji");
  EXPECT_EQ(cell.token().epoch(), 1u);
  EXPECT_EQ(cell.provenance().job_name(), "first");
  EXPECT_EQ(cell.provenance().worker(), "bench");
  EXPECT_THAT(cell.provenance().coordinates(), ElementsAre("Seed: 41"));
}

TEST(Session, AsksForAPlanItDoesNotKnowAndThenRenders) {
  SessionBench bench;
  bench.engine_ready();
  bench.welcome();
  bench.forget_effects();

  bench.offer({1, 2});

  EXPECT_THAT(bench.take_sent(&From::has_plan_request), SizeIs(1));
  EXPECT_THAT(bench.take_given(), IsEmpty());
  bench.pass(Session::kPlanTimeout);
  EXPECT_THAT(bench.take_sent(&From::has_plan_request), SizeIs(1)) << "asked again";
  bench.plan();
  EXPECT_THAT(bench.take_given(), ElementsAre(1, 2));
}

TEST(Session, ALeaseOfferedTwiceIsRenderedOnce) {
  auto bench = a_working_bench();

  bench.offer({1});
  bench.offer({1});

  EXPECT_THAT(bench.take_given(), ElementsAre(1));
}

TEST(Session, RejectsACellWhoseModelIsNotHere) {
  auto bench = a_working_bench();
  v1::ToWorker message;
  *message.mutable_plan() = SessionBench::a_plan();
  auto& model = *message.mutable_plan()->mutable_plan()->mutable_base()->mutable_model();
  model.set_name("flux");
  model.set_hash(sha256("flux").raw());
  bench.from_coordinator(message);

  bench.offer({1});

  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_REJECTED);
  EXPECT_THAT(failures[0].detail(), HasSubstr("flux"));
}

TEST(Session, ACellOutsideOfThePlanFails) {
  auto bench = a_working_bench();

  bench.offer({1000});

  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_INTERNAL);
}

TEST(Session, ARevokedLeaseThatWaitsIsForgotten) {
  SessionBench bench;
  bench.welcome();
  bench.plan();
  bench.offer({1, 2});

  bench.revoke(1);
  bench.engine_ready();

  EXPECT_THAT(bench.take_given(), ElementsAre(2));
}

TEST(Session, ARevokedLeaseWithAnEngineIsCancelledThereAndEndsInNoReport) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.progress(1, 3);
  bench.forget_effects();

  bench.revoke(1);

  const auto sent = bench.take<SendToEngine>();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].message.cancel().token().cell(), 1u);
  bench.engine_failed(1, v1::FAILURE_CLASS_CANCELLED);
  EXPECT_THAT(bench.take_failures(), IsEmpty());
  EXPECT_EQ(bench.session().attempts().size(), 0u);
}

TEST(Session, APictureThatWasRenderedBeforeTheRevocationIsStillOffered) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.rendered(1, "picture");

  bench.revoke(1);
  bench.blob_stored("picture");

  EXPECT_THAT(bench.take_reported(), ElementsAre(1));
}

// Feeding.

TEST(Session, KeepsABatchAndOneMoreWithTheEngine) {
  auto bench = a_working_bench(2);

  bench.offer({0, 1, 2, 3, 4, 5});

  EXPECT_THAT(bench.take_given(), ElementsAre(0, 1, 2, 3));
  bench.rendered(0, "a");
  EXPECT_THAT(bench.take_given(), ElementsAre(4));
}

TEST(Session, LeasesAreBegunInTheOrderInWhichTheyCame) {
  SessionBench bench;
  bench.welcome();
  bench.plan();
  bench.offer({9, 3});
  bench.offer({5, 1});

  bench.engine_ready(0, 4);

  EXPECT_THAT(bench.take_given(), ElementsAre(9, 3, 5, 1));
}

TEST(Session, CellsAreSpreadOverTheEngines) {
  SessionBench bench({"cuda:0", "cuda:1"});
  bench.engine_ready(0, 4);
  bench.engine_ready(1, 4);
  bench.welcome();
  bench.plan();

  bench.offer({0, 1, 2, 3});

  EXPECT_THAT(bench.take_given(0), ElementsAre(0, 1));
  EXPECT_THAT(bench.take_given(1), ElementsAre(2, 3));
}

TEST(Session, CellsOfOneShapeGoTogether) {
  SessionBench bench;
  bench.welcome();
  v1::ToWorker message;
  *message.mutable_plan() = SessionBench::a_plan();
  auto& axis = *message.mutable_plan()->mutable_plan()->mutable_axes(0);
  axis.set_label("Width");
  axis.set_field("width");
  axis.mutable_values()->clear_integers();
  for (const int width : {64, 128, 64, 128}) {
    auto& run = *axis.mutable_values()->add_integers();
    run.set_first(width);
    run.set_count(1);
  }
  bench.from_coordinator(message);
  bench.offer({0, 1, 2, 3});

  bench.engine_ready(0, 2);

  EXPECT_THAT(bench.take_given(), ElementsAre(0, 2, 1, 3));
}

TEST(Credits, AreTwoBatchesUntilACellWasTimedAndForSlowCells) {
  EXPECT_EQ(credits_for(4, 0, 0.001), 8u);
  EXPECT_EQ(credits_for(4, 2.0, 0.001), 8u);
  EXPECT_EQ(credits_for(1, 2.0, 0.001), 2u);
}

TEST(Credits, CoverTheRoundTripOfFastCellsWithinBounds) {
  // 110 ms away at 5 ms a cell: 22 cells are done meanwhile.
  EXPECT_GE(credits_for(1, 0.005, 0.1), 1u + 22u);
  EXPECT_LE(credits_for(1, 0.005, 0.1), 1u + 44u);
  EXPECT_EQ(credits_for(64, 1e-9, 1.0), kMaxCredits);
  EXPECT_EQ(credits_for(100'000, 0, 0), kMaxCredits);
}

// Progress.

TEST(Session, ForwardsProgressAtMostFourTimesASecondACell) {
  auto bench = a_working_bench();
  bench.offer({1});

  for (std::uint32_t step = 1; step <= 20; ++step) {
    bench.progress(1, step);
    bench.pass(50ms);
  }

  const auto sent = bench.take_sent(&From::has_progress);
  EXPECT_THAT(sent, SizeIs(testing::AllOf(testing::Ge(4u), testing::Le(5u))));
  EXPECT_EQ(sent.front().progress().step(), 1u) << "the first is sent at once";
  EXPECT_EQ(sent.front().progress().token().cell(), 1u);
}

TEST(Session, TheLastProgressHeardIsSentInTheEnd) {
  auto bench = a_working_bench();
  bench.offer({1});

  bench.progress(1, 1);
  bench.progress(1, 2);
  bench.pass(1s);

  const auto sent = bench.take_sent(&From::has_progress);
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent.back().progress().step(), 2u);
}

// Results.

TEST(Session, APictureIsSpooledThenUploadedThenReportedThenDeleted) {
  auto bench = a_working_bench();
  bench.offer({1});

  bench.rendered(1, "picture");

  const auto spooled = bench.take<Spool>();
  ASSERT_THAT(spooled, SizeIs(1));
  EXPECT_EQ(spooled[0].picture, "picture");
  EXPECT_EQ(spooled[0].cell.artifact(), sha256("picture").raw());
  EXPECT_EQ(spooled[0].cell.artifact_bytes(), 7u);
  EXPECT_EQ(spooled[0].cell.device(), "cpu");
  EXPECT_THAT(bench.take<Upload>(), SizeIs(1));
  EXPECT_THAT(bench.take_reported(), IsEmpty());

  bench.blob_stored("picture");
  EXPECT_THAT(bench.take_reported(), ElementsAre(1));
  EXPECT_THAT(bench.take<DeleteSpooled>(), IsEmpty());

  bench.acknowledge(1);
  EXPECT_THAT(bench.take<DeleteSpooled>(), SizeIs(1));
  EXPECT_EQ(bench.session().attempts().size(), 0u);
}

TEST(Session, EveryOutcomeOfAnAcknowledgementEndsTheAttempt) {
  for (const auto outcome : {v1::RESULT_OUTCOME_SALVAGED, v1::RESULT_OUTCOME_DUPLICATE,
                             v1::RESULT_OUTCOME_MISMATCH, v1::RESULT_OUTCOME_UNKNOWN}) {
    auto bench = a_working_bench();
    bench.offer({1});
    bench.rendered(1, "picture");
    bench.blob_stored("picture");

    bench.acknowledge(1, outcome);

    EXPECT_THAT(bench.take<DeleteSpooled>(), SizeIs(1));
    EXPECT_EQ(bench.session().attempts().size(), 0u);
  }
}

TEST(Session, ResultsWithoutPicturesAreReportedTogetherAndNeverSpooled) {
  auto bench = a_working_bench();
  bench.offer({1, 2, 3});
  auto& session = bench.session();
  for (const std::uint64_t cell : {1, 2, 3}) {
    v1::EngineRendered rendered;
    *rendered.mutable_token() = bench.token(cell);
    rendered.set_recipe_hash(sha256("recipe").raw());
    session.on_engine_rendered(0, rendered, "", Instant{} + 1h);
  }

  bench.tick();

  const auto sent = bench.take_sent(&From::has_rendered);
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].rendered().cells_size(), 3);
  EXPECT_THAT(bench.take<Spool>(), IsEmpty());
  EXPECT_THAT(bench.take<Upload>(), IsEmpty());
}

TEST(Session, TwoCellsOfOnePictureAreBothReportedWhenItIsStored) {
  auto bench = a_working_bench();
  bench.offer({1, 2});
  bench.rendered(1, "same");
  bench.rendered(2, "same");

  bench.blob_stored("same");

  EXPECT_THAT(bench.take_reported(), ElementsAre(1, 2));
}

TEST(Session, ARefusedBlobIsSentAgainLater) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.rendered(1, "picture");
  bench.forget_effects();

  bench.blob_refused("picture");
  EXPECT_THAT(bench.take<Upload>(), IsEmpty());
  bench.pass(Session::kUploadPause);
  EXPECT_THAT(bench.take<Upload>(), SizeIs(1));
}

TEST(Session, AnUploadThatNobodyAnswersIsBegunAgain) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.rendered(1, "picture");
  bench.forget_effects();

  bench.pass(Session::kUploadTimeout);

  EXPECT_THAT(bench.take<Upload>(), SizeIs(1));
}

TEST(Session, AReportThatNobodyAcknowledgesIsSentAgain) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.rendered(1, "picture");
  bench.blob_stored("picture");
  bench.forget_effects();

  bench.pass(Session::kAcknowledgeTimeout + 200ms);

  EXPECT_THAT(bench.take_reported(), ElementsAre(1));
}

TEST(Session, APictureThatCannotBeKeptIsAFailureOfThisMachine) {
  auto bench = a_working_bench();
  bench.spool_works = false;
  bench.offer({1});

  bench.rendered(1, "picture");

  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_IO);
  EXPECT_THAT(failures[0].detail(), HasSubstr("no space left"));
}

TEST(Session, AnEngineThatDoesNotSayWhatItRenderedHasFailed) {
  auto bench = a_working_bench();
  bench.offer({1});
  v1::EngineRendered rendered;
  *rendered.mutable_token() = bench.token(1);

  bench.session().on_engine_rendered(0, rendered, "picture", Instant{} + 1h);
  bench.tick();

  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_INTERNAL);
}

// A lost coordinator.

TEST(Session, GoesOnRenderingWithoutACoordinatorAndTellsWhatItHolds) {
  auto bench = a_working_bench();
  bench.answers_heartbeats = false;
  bench.offer({1, 2, 3});
  bench.rendered(1, "one");
  bench.progress(2, 4);
  bench.pass(5s);
  bench.forget_effects();

  bench.rendered(2, "two");
  EXPECT_THAT(bench.take<Spool>(), SizeIs(1));
  EXPECT_THAT(bench.take<Upload>(), IsEmpty());
  bench.pass(Session::kHelloTimeout);

  const auto hellos = bench.take_sent(&From::has_hello);
  ASSERT_FALSE(hellos.empty());
  std::vector<std::pair<std::uint64_t, bool>> held;
  for (const auto& attempt : hellos.back().hello().held()) {
    held.emplace_back(attempt.token().cell(), attempt.finished());
  }
  EXPECT_THAT(held, ElementsAre(std::pair(1, true), std::pair(2, true), std::pair(3, false)));
}

TEST(Session, AWelcomeDecidesWhatGoesOn) {
  auto bench = a_working_bench();
  bench.answers_heartbeats = false;
  bench.offer({1, 2, 3, 4});
  bench.rendered(1, "one");
  bench.rendered(2, "two");
  bench.progress(3, 4);
  bench.progress(4, 4);
  bench.pass(5s);
  bench.forget_effects();
  auto adopted_1 = bench.token(1);
  auto adopted_3 = bench.token(3);
  adopted_1.set_epoch(2);
  adopted_3.set_epoch(2);

  bench.welcome(2, {adopted_1, adopted_3}, {bench.token(2), bench.token(4)});

  const auto uploads = bench.take<Upload>();
  ASSERT_THAT(uploads, SizeIs(1));
  EXPECT_EQ(uploads[0].token.cell(), 1u);
  const auto deleted = bench.take<DeleteSpooled>();
  ASSERT_THAT(deleted, SizeIs(1));
  EXPECT_EQ(deleted[0].token.cell(), 2u);
  const auto cancelled = bench.take<SendToEngine>();
  ASSERT_THAT(cancelled, SizeIs(1));
  EXPECT_EQ(cancelled[0].message.cancel().token().cell(), 4u);
  const auto progress = bench.take_sent(&From::has_progress);
  ASSERT_THAT(progress, SizeIs(1)) << "the new session hears at once what is worked on";
  EXPECT_EQ(progress[0].progress().token().cell(), 3u);
  EXPECT_EQ(progress[0].progress().token().epoch(), 2u);

  bench.blob_stored("one");
  const auto sent = bench.take_sent(&From::has_rendered);
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].epoch(), 2u);
  EXPECT_EQ(sent[0].rendered().cells(0).token().epoch(), 2u);
}

TEST(Session, AFailureWithoutACoordinatorIsReportedToTheNextOne) {
  auto bench = a_working_bench();
  bench.answers_heartbeats = false;
  bench.offer({1});
  bench.pass(5s);

  bench.engine_failed(1, v1::FAILURE_CLASS_NAN);
  EXPECT_THAT(bench.take_failures(), IsEmpty());
  bench.welcome(2, {bench.token(1)});

  const auto failures = bench.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_NAN);
}

TEST(Session, AReportIsRepeatedToEachCoordinatorUntilItIsAcknowledged) {
  auto bench = a_working_bench();
  bench.answers_heartbeats = false;
  bench.offer({1});
  bench.rendered(1, "picture");
  bench.blob_stored("picture");
  EXPECT_THAT(bench.take_reported(), ElementsAre(1));
  bench.pass(5s);
  bench.forget_effects();

  bench.welcome(2, {bench.token(1)});

  EXPECT_THAT(bench.take<Upload>(), SizeIs(1)) << "the new coordinator may not have the picture";
  bench.blob_stored("picture");
  EXPECT_THAT(bench.take_reported(), ElementsAre(1));
}

TEST(Session, WhatAFormerRunLeftInTheSpoolIsHeldAndDelivered) {
  v1::RenderedCell left;
  left.mutable_token()->set_job(kJob);
  left.mutable_token()->set_cell(5);
  left.mutable_token()->set_attempt(1);
  left.set_artifact(sha256("left").raw());
  SessionBench bench({"cpu"}, {left});
  bench.engine_ready();
  const auto hellos = bench.take_sent(&From::has_hello);
  ASSERT_THAT(hellos, SizeIs(1));
  ASSERT_EQ(hellos[0].hello().held_size(), 1);
  EXPECT_TRUE(hellos[0].hello().held(0).finished());

  bench.welcome(1, {left.token()});
  EXPECT_THAT(bench.take<Upload>(), SizeIs(1));
  bench.blob_stored("left");
  EXPECT_THAT(bench.take_reported(), ElementsAre(5));
}

// Stopping.

TEST(Session, AStopGivesBackWhatIsNotFinishedAndSaysGoodbye) {
  auto bench = a_working_bench();
  bench.offer({1, 2});
  bench.progress(1, 2);
  bench.forget_effects();

  bench.stop();

  const auto stopped = bench.take<SendToEngine>();
  ASSERT_THAT(stopped, SizeIs(1));
  EXPECT_TRUE(stopped[0].message.has_stop());
  EXPECT_THAT(bench.take_sent(&From::has_goodbye), SizeIs(1));
  EXPECT_THAT(bench.take<Finish>(), SizeIs(1));
}

TEST(Session, AStopWaitsForFinishedPicturesToArrive) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.rendered(1, "picture");

  bench.stop();
  EXPECT_THAT(bench.take<Finish>(), IsEmpty());
  bench.blob_stored("picture");
  EXPECT_THAT(bench.take_reported(), ElementsAre(1));
  EXPECT_THAT(bench.take<Finish>(), IsEmpty());
  bench.acknowledge(1);
  EXPECT_THAT(bench.take<Finish>(), SizeIs(1));
}

TEST(Session, AStopDoesNotWaitForEver) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.rendered(1, "picture");

  bench.stop();
  bench.pass(Session::kFarewell);

  EXPECT_THAT(bench.take<Finish>(), SizeIs(1));
  EXPECT_THAT(bench.take<DeleteSpooled>(), IsEmpty()) << "it is delivered by the next run";
}

TEST(Session, AStopWithoutACoordinatorIsOverAtOnce) {
  SessionBench bench;

  bench.stop();

  EXPECT_THAT(bench.take<Finish>(), SizeIs(1));
  EXPECT_THAT(bench.take_sent(&From::has_goodbye), IsEmpty());
}

TEST(Session, TakesNoLeasesAndStartsNoEnginesOnceItStops) {
  auto bench = a_working_bench();
  bench.offer({1});
  bench.rendered(1, "picture");
  bench.stop();
  bench.forget_effects();

  bench.offer({2});
  bench.engine_exited();
  bench.pass(2s);

  EXPECT_THAT(bench.take_given(), IsEmpty());
  EXPECT_THAT(bench.take<StartEngine>(), IsEmpty());
}

}  // namespace
}  // namespace furrow::worker
