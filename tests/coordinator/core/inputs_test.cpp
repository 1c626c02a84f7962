// The pictures that jobs begin with: which are kept, and for how long.

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/support/farm.h"

namespace furrow::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using test::a_hello;
using test::a_sweep;
using test::Farm;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kAll = 100;

class Inputs : public testing::Test {
 protected:
  void stores(const std::string& picture, bool was_there = false) {
    farm_.take(farm_.core().on_inputs_stored({{sha256(picture), 1000, was_there}}, farm_.now()));
  }

  Result<Core::Submitted> submits(const test::SweepBuilder& sweep) {
    return farm_.core().on_job_submitted({.name = {},
                                          .owner = {},
                                          .priority = 0,
                                          .client_token = {},
                                          .grid = sweep.grid(),
                                          .spec = {}},
                                         farm_.now());
  }

  std::vector<Digest> expired() { return farm_.core().take_expired_inputs(kAll, farm_.now()); }

  std::vector<Digest> lacking(const std::vector<std::string>& pictures) {
    std::vector<Digest> digests;
    for (const auto& picture : pictures) digests.push_back(sha256(picture));
    return farm_.core().lacking_inputs(digests);
  }

  Farm farm_;
};

TEST_F(Inputs, AJobWhosePictureIsNotKeptIsRefusedByName) {
  const auto refused = submits(a_sweep().with_picture("cat.png"));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("\"cat.png\""), HasSubstr("Send it again")));
  EXPECT_THAT(farm_.core().jobs(10, {}), IsEmpty());
}

TEST_F(Inputs, AJobNamesItsPicturesInTheRowOfItsOwn) {
  stores("cat.png");

  const auto submitted = submits(a_sweep().with_picture("cat.png"));

  ASSERT_TRUE(submitted) << submitted.error().message;
  const auto& op = std::get<InsertJob>(submitted->effects.store.front());
  EXPECT_THAT(op.inputs, ElementsAre(sha256("cat.png")));
}

TEST_F(Inputs, LackingAreThoseThatWereNeverStoredEachOnce) {
  stores("cat.png");

  EXPECT_THAT(lacking({"cat.png", "dog.png", "dog.png"}), ElementsAre(sha256("dog.png")));
}

TEST_F(Inputs, WhatNoJobNamesIsKeptForADay) {
  stores("cat.png");

  farm_.advance(hours(24));
  EXPECT_THAT(expired(), IsEmpty());
  farm_.advance(minutes(1));
  EXPECT_THAT(expired(), ElementsAre(sha256("cat.png")));

  EXPECT_FALSE(submits(a_sweep().with_picture("cat.png"))) << "its file may be gone already";
  farm_.take(farm_.core().on_inputs_removed({sha256("cat.png")}));
  EXPECT_EQ(farm_.stored<DropInput>().size(), 1U);
}

TEST_F(Inputs, WhatAJobNamesIsKept) {
  stores("cat.png");
  ASSERT_TRUE(submits(a_sweep().with_picture("cat.png")));

  farm_.advance(hours(24 * 365));

  EXPECT_THAT(expired(), IsEmpty());
}

TEST_F(Inputs, SentAgainItsDayBeginsAnew) {
  stores("cat.png");
  farm_.advance(hours(20));
  stores("cat.png");

  farm_.advance(hours(20));

  EXPECT_THAT(expired(), IsEmpty());
}

TEST_F(Inputs, APictureOfACellIsNeverRemoved) {
  stores("result.png", /*was_there=*/true);

  farm_.advance(hours(48));

  EXPECT_THAT(expired(), IsEmpty());
}

TEST_F(Inputs, AnInputThatACellRendersIsItsPictureToo) {
  const auto sweep = a_sweep().grid();
  // A farm's pictures are named by their recipes' hashes.
  const std::string picture = sweep->recipe_hash(0).hex();
  stores(picture);
  farm_.submits(sweep);
  const SessionId worker = farm_.joins(a_hello("a", 1));
  farm_.renders(worker, farm_.only_lease(worker));

  farm_.advance(hours(48));

  EXPECT_THAT(expired(), IsEmpty());
  EXPECT_TRUE(farm_.stored<SaveInput>().back().is_artifact);
}

TEST_F(Inputs, ALostFileIsAskedForAgain) {
  stores("cat.png");
  ASSERT_TRUE(submits(a_sweep().with_picture("cat.png")));

  farm_.take(farm_.core().on_input_lost(sha256("cat.png")));

  EXPECT_THAT(lacking({"cat.png"}), ElementsAre(sha256("cat.png")));
  EXPECT_FALSE(submits(a_sweep().with_picture("cat.png")));
  stores("cat.png");
  EXPECT_TRUE(submits(a_sweep().with_picture("cat.png")));
  farm_.advance(hours(48));
  EXPECT_THAT(expired(), IsEmpty()) << "the first job still names it";
}

TEST_F(Inputs, ABlobThatIsNoInputCannotBeLost) {
  EXPECT_TRUE(farm_.core().on_input_lost(sha256("cat.png")).empty());
}

TEST_F(Inputs, ALoraThatNoWorkerHasMakesTheJobInfeasible) {
  const JobId job = farm_.submits(a_sweep().with_loras({"fur"}).with_seeds(3).grid());
  farm_.joins(a_hello("a", 1));

  EXPECT_EQ(farm_.view(job).cells().infeasible(), 3U);
  EXPECT_THAT(farm_.view(job).waiting_for(), HasSubstr("has LoRA fur"));
}

}  // namespace
}  // namespace furrow::core
