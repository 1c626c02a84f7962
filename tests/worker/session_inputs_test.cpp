// How the session gets the pictures that cells begin with.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/worker/session_bench.h"

namespace furrow::worker {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::vector<std::string> kNames = {"cat.png", "mask.png", "dog.png"};

void name(const std::string& name, v1::PictureRef& picture) {
  picture.set_name(name);
  picture.set_hash(sha256(name).raw());
}

class SessionInputs : public testing::Test {
 protected:
  explicit SessionInputs(std::uint64_t input_bytes = 1 << 20) : bench_(std::in_place, options(input_bytes)) {
    bench_.engine_ready();
    bench_.welcome();
    bench_.forget_effects();
  }

  static SessionOptions options(std::uint64_t input_bytes) {
    auto options = SessionBench::options({"cpu"});
    options.input_bytes = input_bytes;
    return options;
  }

  void plan(const std::string& picture, const std::string& mask = {}, std::uint64_t job = kJob) {
    v1::ToWorker message;
    *message.mutable_plan() = SessionBench::a_plan(1000, job);
    auto& start = *message.mutable_plan()->mutable_plan()->mutable_base()->mutable_image_to_image();
    name(picture, *start.mutable_picture());
    if (!mask.empty()) name(mask, *start.mutable_inpaint()->mutable_mask());
    bench_.from_coordinator(std::move(message));
  }

  void offer(std::uint64_t job, std::uint64_t cell) {
    v1::ToWorker message;
    message.mutable_offer()->set_job(job);
    message.mutable_offer()->add_cells(cell);
    message.mutable_offer()->add_attempts(1);
    bench_.from_coordinator(std::move(message));
  }

  /// The cells that were given to the engine since the last call.
  std::vector<v1::RenderCell> given() {
    std::vector<v1::RenderCell> cells;
    for (const auto& sent : bench_.take<SendToEngine>()) {
      for (const auto& cell : sent.message.render().cells()) cells.push_back(cell);
    }
    return cells;
  }

  SessionBench bench_;
};

TEST_F(SessionInputs, AreFetchedBeforeTheCellGoesToAnEngine) {
  plan("cat.png", "mask.png");
  bench_.offer({0});

  EXPECT_THAT(bench_.take_fetches(kNames), ElementsAre("cat.png", "mask.png"));
  EXPECT_THAT(given(), IsEmpty());
  bench_.input_fetched("cat.png");
  EXPECT_THAT(given(), IsEmpty()) << "the mask is still missing";
  bench_.input_fetched("mask.png");

  const auto cells = given();
  ASSERT_THAT(cells, SizeIs(1));
  ASSERT_THAT(cells[0].files(), SizeIs(2));
  EXPECT_EQ(cells[0].files(0).hash(), sha256("cat.png").raw());
  EXPECT_EQ(cells[0].files(0).path(), "/inputs/cat.png");
  EXPECT_EQ(cells[0].files(1).path(), "/inputs/mask.png");
}

TEST_F(SessionInputs, TwoCellsThatWantTheSamePictureFetchItOnce) {
  plan("cat.png");
  bench_.offer({0, 1});

  EXPECT_THAT(bench_.take_fetches(kNames), ElementsAre("cat.png"));
  bench_.input_fetched("cat.png");
  EXPECT_THAT(given(), SizeIs(2));

  bench_.offer({2});
  EXPECT_THAT(bench_.take_fetches(kNames), IsEmpty()) << "it is here";
}

TEST_F(SessionInputs, AreFetchedWhileTheEngineIsBusy) {
  plan("cat.png");
  offer(kJob, 0);
  bench_.input_fetched("cat.png");
  bench_.progress(0, 1);
  plan("dog.png", {}, kJob + 1);
  bench_.forget_effects();

  offer(kJob + 1, 0);

  EXPECT_THAT(bench_.take_fetches(kNames), ElementsAre("dog.png"));
}

TEST_F(SessionInputs, ACellWithoutPicturesDoesNotWaitForTheOthers) {
  plan("cat.png");
  v1::ToWorker message;
  *message.mutable_plan() = SessionBench::a_plan(1000, kJob + 1);
  bench_.from_coordinator(std::move(message));

  offer(kJob, 0);
  offer(kJob + 1, 0);

  const auto cells = given();
  ASSERT_THAT(cells, SizeIs(1));
  EXPECT_EQ(cells[0].token().job(), kJob + 1);
}

TEST_F(SessionInputs, APictureThatDoesNotComeFailsItsCellsAsIo) {
  plan("cat.png");
  bench_.offer({0, 1});

  bench_.input_failed("cat.png");

  const auto failures = bench_.take_failures();
  ASSERT_THAT(failures, SizeIs(2));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_IO);
  EXPECT_THAT(failures[0].detail(), AllOf(HasSubstr("\"cat.png\""), HasSubstr("the line is down")));

  bench_.forget_effects();
  bench_.offer({0}, 2);
  EXPECT_THAT(bench_.take_fetches(kNames), ElementsAre("cat.png")) << "the next try asks anew";
}

TEST_F(SessionInputs, APictureThatTheCoordinatorLacksIsTheCellsOwnFault) {
  plan("cat.png", "mask.png");
  bench_.offer({0});

  bench_.input_missing("mask.png");

  const auto failures = bench_.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_INPUT);
  EXPECT_THAT(failures[0].detail(), AllOf(HasSubstr("\"mask.png\""), HasSubstr("Submit")));
  EXPECT_THAT(bench_.take<StopFetching>(), SizeIs(1)) << "nobody wants the picture itself now";
}

TEST_F(SessionInputs, ALeaseTakenBackStopsItsFetching) {
  plan("cat.png");
  bench_.offer({0, 1});

  bench_.revoke(0);
  EXPECT_THAT(bench_.take<StopFetching>(), IsEmpty()) << "the other cell still wants it";
  bench_.revoke(1);

  const auto stopped = bench_.take<StopFetching>();
  ASSERT_THAT(stopped, SizeIs(1));
  EXPECT_EQ(stopped[0].digest, sha256("cat.png"));
  EXPECT_EQ(bench_.session().attempts().size(), 0U);
}

TEST_F(SessionInputs, WhatArrivesAfterAllWereTakenBackIsKept) {
  plan("cat.png");
  bench_.offer({0});
  bench_.revoke(0);
  bench_.forget_effects();

  bench_.input_fetched("cat.png");
  bench_.offer({1});

  EXPECT_THAT(bench_.take_fetches(kNames), IsEmpty());
  EXPECT_THAT(given(), SizeIs(1));
}

TEST_F(SessionInputs, ACellThatWaitsForPicturesIsHeldOverALostConnection) {
  plan("cat.png");
  bench_.offer({0});
  bench_.unreachable();
  const auto hellos = bench_.take_sent(&v1::FromWorker::has_hello);
  ASSERT_THAT(hellos, SizeIs(1));
  ASSERT_THAT(hellos[0].hello().held(), SizeIs(1));
  bench_.welcome(2, {bench_.token(0)});

  bench_.input_fetched("cat.png");

  EXPECT_THAT(given(), SizeIs(1));
}

TEST_F(SessionInputs, StoppingEndsTheFetching) {
  plan("cat.png");
  bench_.offer({0});

  bench_.stop();

  EXPECT_THAT(bench_.take<StopFetching>(), SizeIs(1));
}

TEST_F(SessionInputs, APictureWithoutAHashFailsItsCell) {
  v1::ToWorker message;
  *message.mutable_plan() = SessionBench::a_plan();
  message.mutable_plan()
      ->mutable_plan()
      ->mutable_base()
      ->mutable_image_to_image()
      ->mutable_picture()
      ->set_name("cat.png");
  bench_.from_coordinator(std::move(message));

  bench_.offer({0});

  const auto failures = bench_.take_failures();
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].class_(), v1::FAILURE_CLASS_INPUT);
}

TEST_F(SessionInputs, ARefinerIsFoundAmongTheModelsByItsHash) {
  auto with_refiner = options(1000);
  model::FoundModel fine;
  fine.path = "/models/fine.safetensors";
  fine.description.mutable_model()->set_name("fine");
  fine.description.mutable_model()->set_hash(sha256("fine").raw());
  v1::PlanDefinition definition = SessionBench::a_plan();
  *definition.mutable_plan()->mutable_base()->mutable_refiner()->mutable_model() =
      fine.description.model();
  with_refiner.models.push_back(fine);
  JobBook book(with_refiner.models, "bench");
  JobBook without(SessionBench::options({"cpu"}).models, "bench");
  book.add(definition);
  without.add(definition);

  const auto found = book.cell(bench_.token(0));
  const auto missing = without.cell(bench_.token(0));

  ASSERT_TRUE(found);
  ASSERT_THAT(found->files(), SizeIs(1));
  EXPECT_EQ(found->files(0).hash(), sha256("fine").raw());
  EXPECT_EQ(found->files(0).path(), "/models/fine.safetensors");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("no refiner \"fine\""));
}

/// The cache folder holds one picture of the bench's 1000 bytes.
class SessionWithLittleRoom : public SessionInputs {
 protected:
  SessionWithLittleRoom() : SessionInputs(1500) {}
};

TEST_F(SessionWithLittleRoom, APictureThatACellUsesIsNotDeleted) {
  plan("cat.png");
  plan("dog.png", {}, kJob + 1);
  offer(kJob, 0);
  bench_.input_fetched("cat.png");
  offer(kJob + 1, 0);
  bench_.input_fetched("dog.png");
  EXPECT_THAT(bench_.take<DeleteInput>(), IsEmpty());

  bench_.rendered(0, "a picture");
  bench_.tick();

  const auto deleted = bench_.take<DeleteInput>();
  ASSERT_THAT(deleted, SizeIs(1));
  EXPECT_EQ(deleted[0].digest, sha256("cat.png"));
}

TEST_F(SessionWithLittleRoom, ADeletedPictureIsFetchedAgain) {
  plan("cat.png");
  plan("dog.png", {}, kJob + 1);
  offer(kJob, 0);
  bench_.input_fetched("cat.png");
  bench_.rendered(0, "a picture");
  offer(kJob + 1, 0);
  bench_.input_fetched("dog.png");
  ASSERT_THAT(bench_.take<DeleteInput>(), SizeIs(1));
  bench_.forget_effects();

  offer(kJob, 1);

  EXPECT_THAT(bench_.take_fetches(kNames), ElementsAre("cat.png"));
}

}  // namespace
}  // namespace furrow::worker
