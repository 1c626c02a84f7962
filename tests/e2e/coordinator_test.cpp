// The program furrow-coordinator as its users meet it.

#include <csignal>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "common/config/paths.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_client.h"
#include "tests/support/test_coordinator.h"

namespace furrow {
namespace {

using std::chrono::seconds;
using test::ChildProcess;
using test::TestCoordinator;
using testing::HasSubstr;

class CoordinatorTest : public testing::Test {
 protected:
  /// Runs the program to its end; what it says is in said().
  std::optional<int> run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "furrow-coordinator");
    ChildProcess process(arguments, {{}, folder_.path() / "said"});
    const auto ending = process.wait_for_end(seconds(20));
    return ending ? ending->exit_code : std::nullopt;
  }

  std::string said() const { return read_file(folder_.path() / "said").value(); }

  test::TemporaryFolder folder_;
  TestCoordinator coordinator_{folder_.path() / "data"};
};

TEST_F(CoordinatorTest, LeavesItsAddressWhileItRunsAndTakesItAway) {
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  EXPECT_EQ(config::read_endpoints(coordinator_.data())->pid, coordinator_.pid());

  EXPECT_EQ(coordinator_.stop(), 0) << coordinator_.log();
  EXPECT_FALSE(config::read_endpoints(coordinator_.data()));
}

TEST_F(CoordinatorTest, ASecondOneOnTheSameDataFolderIsRefused) {
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();

  EXPECT_EQ(run({"--data", coordinator_.data().string(), "--port", "0"}), 7);

  EXPECT_THAT(said(), HasSubstr("pid " + std::to_string(coordinator_.pid())));
  EXPECT_THAT(said(), HasSubstr(coordinator_.endpoints().client));
  EXPECT_TRUE(coordinator_.is_running());
  EXPECT_TRUE(config::read_endpoints(coordinator_.data())) << "the address is the first one's";
}

TEST_F(CoordinatorTest, APortInUseIsRefusedWithWhatToDo) {
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  const auto& client = coordinator_.endpoints().client;
  const auto port = client.substr(client.rfind(':') + 1);

  EXPECT_EQ(run({"--data", (folder_.path() / "other").string(), "--port", port}), 7);

  EXPECT_THAT(said(), HasSubstr("port " + port + " of 127.0.0.1 is in use"));
  EXPECT_THAT(said(), HasSubstr("--port N"));
}

TEST_F(CoordinatorTest, AnAddressOfAnotherMachineIsRefused) {
  EXPECT_EQ(run({"--data", coordinator_.data().string(), "--listen", "192.0.2.1"}), 1);

  EXPECT_THAT(said(), HasSubstr("192.0.2.1"));
  EXPECT_THAT(said(), HasSubstr("--listen"));
}

TEST_F(CoordinatorTest, AWrongFlagIsAUsageError) {
  EXPECT_EQ(run({"--prot", "7710"}), 2);
  EXPECT_THAT(said(), HasSubstr("--help"));
}

TEST_F(CoordinatorTest, ItsEpochRisesWithEveryStart) {
  zmq::context_t context;
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  const auto first = test::TestClient(context, coordinator_.endpoints().client).status().epoch();

  coordinator_.kill_hard();
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();

  test::TestClient client(context, coordinator_.endpoints().client);
  EXPECT_GT(first, 0U);
  EXPECT_GT(client.status().epoch(), first);
}

TEST_F(CoordinatorTest, AJobWithoutAWorkerWaitsAndSaysForWhat) {
  zmq::context_t context;
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  test::TestClient client(context, coordinator_.endpoints().client);
  v1::JobSpec spec;
  spec.set_name("first");
  spec.mutable_base()->set_prompt("a cat face");

  const auto reply = client.submit(spec, "token");

  ASSERT_TRUE(reply);
  ASSERT_TRUE(reply->has_submitted()) << reply->DebugString();
  EXPECT_EQ(reply->submitted().job().cells().total(), 1U);
  const auto job = client.show("first");
  ASSERT_TRUE(job);
  EXPECT_EQ(job->state(), v1::JOB_STATE_PENDING);
  EXPECT_THAT(job->waiting_for(), HasSubstr("worker"));
}

TEST_F(CoordinatorTest, ASubmitWithTheSameTokenIsTheSameJob) {
  zmq::context_t context;
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  test::TestClient client(context, coordinator_.endpoints().client);
  v1::JobSpec spec;
  spec.mutable_base()->set_prompt("a cat face");

  const auto first = client.submit(spec, "token");
  const auto again = client.submit(spec, "token");
  const auto other = client.submit(spec, "other");

  ASSERT_TRUE(first && again && other);
  EXPECT_EQ(first->submitted().job().id(), again->submitted().job().id());
  EXPECT_NE(first->submitted().job().id(), other->submitted().job().id());
  EXPECT_EQ(first->submitted().job().plan().SerializeAsString(),
            again->submitted().job().plan().SerializeAsString())
      << "the drawn seed is the first one's";
}

TEST_F(CoordinatorTest, AnAcknowledgedJobOutlivesKill9) {
  zmq::context_t context;
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  v1::JobSpec spec;
  spec.set_name("kept");
  spec.mutable_base()->set_prompt("a cat face");
  ASSERT_TRUE(
      test::TestClient(context, coordinator_.endpoints().client).submit(spec, "")->has_submitted());

  coordinator_.kill_hard();
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();

  EXPECT_TRUE(test::TestClient(context, coordinator_.endpoints().client).show("kept"));
}

TEST_F(CoordinatorTest, EveryFaultOfASweepIsToldAtOnce) {
  zmq::context_t context;
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  test::TestClient client(context, coordinator_.endpoints().client);
  v1::JobSpec spec;
  spec.set_name("last");
  spec.mutable_base()->set_sampler("eular");
  spec.mutable_base()->set_width(13);

  const auto reply = client.submit(spec, "");

  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code(), v1::ERROR_CODE_INVALID);
  EXPECT_GE(reply->error().messages_size(), 3) << reply->DebugString();
  EXPECT_EQ(client.status().jobs_size(), 0) << "nothing is queued";
}

TEST_F(CoordinatorTest, ADryRunPricesTheSweepAndQueuesNothing) {
  zmq::context_t context;
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  test::TestClient client(context, coordinator_.endpoints().client);
  v1::ClientRequest request;
  auto& submit = *request.mutable_submit();
  submit.set_dry_run(true);
  submit.mutable_spec()->mutable_base()->set_prompt("a cat face");
  auto& axis = *submit.mutable_spec()->add_axes();
  axis.set_label("Seed");
  axis.set_text("1-5");

  const auto reply = client.ask(request);

  ASSERT_TRUE(reply);
  const auto& summary = reply->submitted().summary();
  EXPECT_EQ(summary.cells(), 5U) << reply->DebugString();
  EXPECT_EQ(summary.unique_cells(), 5U);
  EXPECT_EQ(summary.cache_hits(), 0U);
  EXPECT_LT(summary.device_seconds(), 0) << "nothing was ever measured";
  EXPECT_GT(summary.disk_bytes(), 0U);
  EXPECT_EQ(reply->submitted().job().id(), 0U);
  EXPECT_EQ(client.status().jobs_size(), 0);
}

TEST_F(CoordinatorTest, AnUnknownJobIsNotFoundByName) {
  zmq::context_t context;
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  test::TestClient client(context, coordinator_.endpoints().client);
  v1::ClientRequest request;
  request.mutable_watch_job()->mutable_job()->set_text("x");

  auto reply = client.ask(request);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error().code(), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_THAT(reply->error().messages(0), HasSubstr("no job is called \"x\""));

  request.mutable_cancel_job()->mutable_job()->set_text("last");
  reply = client.ask(request);
  ASSERT_TRUE(reply);
  EXPECT_THAT(reply->error().messages(0), HasSubstr("there is no job yet"));
}

TEST_F(CoordinatorTest, ACancelledJobIsOverAndCanBeRetried) {
  zmq::context_t context;
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  test::TestClient client(context, coordinator_.endpoints().client);
  v1::JobSpec spec;
  spec.set_name("first");
  spec.mutable_base()->set_prompt("a cat face");
  ASSERT_TRUE(client.submit(spec, "")->has_submitted());
  v1::ClientRequest request;

  request.mutable_cancel_job()->mutable_job()->set_text("first");
  EXPECT_EQ(client.ask(request)->job().job().state(), v1::JOB_STATE_CANCELLED);
  coordinator_.kill_hard();
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  test::TestClient later(context, coordinator_.endpoints().client);
  request.mutable_retry_job()->mutable_job()->set_text("first");
  const auto reply = later.ask(request);

  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->job().job().state(), v1::JOB_STATE_PENDING) << reply->DebugString();
}

TEST_F(CoordinatorTest, EveryReadOfAnEmptyFarmHasItsBody) {
  zmq::context_t context;
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  test::TestClient client(context, coordinator_.endpoints().client);
  v1::ClientRequest request;

  request.mutable_list_workers();
  EXPECT_TRUE(client.ask(request)->has_workers()) << "no worker is an answer as well";
  request.mutable_list_models();
  EXPECT_TRUE(client.ask(request)->has_models());
  request.mutable_list_jobs();
  EXPECT_TRUE(client.ask(request)->has_jobs());
  request.mutable_status();
  EXPECT_TRUE(client.ask(request)->has_status());
}

TEST_F(CoordinatorTest, ItsOwnModelsHaveNamesBeforeAnyWorkerCame) {
  zmq::context_t context;
  ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
  test::TestClient client(context, coordinator_.endpoints().client);
  v1::ClientRequest request;
  request.mutable_list_models();

  const auto reply = client.ask(request);

  ASSERT_TRUE(reply);
  ASSERT_GE(reply->models().models_size(), 1);
  EXPECT_EQ(reply->models().models(0).model().name(), config::kDefaultModel);
}

}  // namespace
}  // namespace furrow
