// The commands as they are run, against a coordinator that answers by a script.
#include "cli/commands.h"

#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_line.h"
#include "cli/output/json.h"
#include "cli/wait_for_job.h"
#include "common/base/files.h"
#include "common/config/exit_code.h"
#include "common/config/paths.h"
#include "common/image/exif.h"
#include "common/image/infotext.h"
#include "common/image/jpeg.h"
#include "common/image/png.h"
#include "tests/cli/fake_coordinator.h"

namespace furrow::cli {

namespace {

using testing::HasSubstr;

/// What came of a command.
struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

Ran run(const std::vector<std::string>& words) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err, {}, {}};
  const auto asked = read_command_line(command_table(), words);
  if (!asked) return {config::exit_code(asked.error().kind), "", asked.error().message};
  const auto code = asked->command->run(asked->arguments, console);
  if (code) return {*code, out.str(), err.str()};
  return {config::exit_code(code.error().kind), out.str(), err.str() + code.error().message};
}

v1::ClientReply planned_job(v1::JobState state) {
  auto reply = job_reply(state, 2, 2);
  v1::PlanAxis& axis = *reply.mutable_job()->mutable_job()->mutable_plan()->add_axes();
  axis.set_label("Seed");
  axis.set_field("seed");
  axis.mutable_values()->add_integers()->set_count(2);
  return reply;
}

TEST(Commands, WaitEndsWithTheCodeOfHowTheJobEnded) {
  const std::pair<v1::JobState, int> endings[] = {
      {v1::JOB_STATE_DONE, config::kExitOk},
      {v1::JOB_STATE_FAILED, config::kExitJobFailed},
      {v1::JOB_STATE_CANCELLED, config::kExitJobCancelled}};
  for (const auto& [state, code] : endings) {
    FakeCoordinator coordinator(
        [ended = state](const v1::ClientRequest& request, const auto& answer) {
          answer(job_reply(request.has_watch_job() ? ended : v1::JOB_STATE_RUNNING, 2, 2));
        });

    const Ran ran = run({"job", "wait", "last", "--coordinator", coordinator.endpoint()});

    EXPECT_EQ(ran.code, code) << ran.err;
    EXPECT_EQ(ran.out, "");
  }
}

/// One cell is done, for the other there is no worker.
v1::ClientReply half_infeasible_job() {
  auto reply = job_reply(v1::JOB_STATE_RUNNING, 1, 2);
  v1::JobView& job = *reply.mutable_job()->mutable_job();
  job.mutable_cells()->set_pending(0);
  job.mutable_cells()->set_infeasible(1);
  job.set_waiting_for("No connected worker has model x.");
  return reply;
}

TEST(WaitForJob, EndsWhenTheCellsThatAreLeftStayInfeasible) {
  FakeCoordinator coordinator(
      [](const v1::ClientRequest&, const auto& answer) { answer(half_infeasible_job()); });
  auto client = *Client::connect(coordinator.endpoint());
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err, {}, {}};

  const auto ended = wait_for_job(client, half_infeasible_job().job().job(), console,
                                  {.infeasible_patience = std::chrono::milliseconds(0)});

  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(report_ending(*ended, console), config::kExitInfeasible);
  EXPECT_THAT(err.str(), HasSubstr("No connected worker has model x."));
}

TEST(WaitForJob, WaitsOutCellsThatAreInfeasibleForAMoment) {
  FakeCoordinator coordinator([](const v1::ClientRequest& request, const auto& answer) {
    if (request.has_watch_job()) answer(job_reply(v1::JOB_STATE_DONE, 2, 2));
  });
  auto client = *Client::connect(coordinator.endpoint());
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err, {}, {}};

  const auto ended = wait_for_job(client, half_infeasible_job().job().job(), console, {});

  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->state(), v1::JOB_STATE_DONE);
}

TEST(Commands, WatchInAPipeWritesPlainLines) {
  FakeCoordinator coordinator([](const v1::ClientRequest& request, const auto& answer) {
    answer(job_reply(v1::JOB_STATE_RUNNING, 1, 2));
    if (request.has_watch_job()) answer(job_reply(v1::JOB_STATE_DONE, 2, 2));
  });

  const Ran ran = run({"job", "watch", "last", "--coordinator", coordinator.endpoint()});

  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("first: 50% 1/2\n"));
  EXPECT_THAT(ran.err, HasSubstr("first: 100% 2/2\n"));
  EXPECT_EQ(ran.err.find('\x1b'), std::string::npos);
}

TEST(Commands, WatchAsJsonIsOneObjectALine) {
  FakeCoordinator coordinator([](const v1::ClientRequest& request, const auto& answer) {
    answer(job_reply(request.has_watch_job() ? v1::JOB_STATE_DONE : v1::JOB_STATE_RUNNING, 2, 2));
  });

  const Ran ran = run({"job", "watch", "last", "--json", "--coordinator", coordinator.endpoint()});

  std::istringstream lines(ran.out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_EQ(Json::parse(line)["schema"], "furrow.job/1");
  }
  EXPECT_EQ(count, 2);
}

TEST(Commands, AWaitThatTakesTooLongSaysHowToComeBack) {
  FakeCoordinator coordinator([](const v1::ClientRequest&, const auto& answer) {
    answer(job_reply(v1::JOB_STATE_RUNNING, 1, 2));
  });

  const Ran ran =
      run({"job", "wait", "last", "--timeout", "10ms", "--coordinator", coordinator.endpoint()});

  EXPECT_EQ(ran.code, config::kExitTimeout);
  EXPECT_THAT(ran.err, HasSubstr("furrow job watch 12"));
}

TEST(Commands, AJobThatIsNotThereEndsWithThree) {
  FakeCoordinator coordinator([](const v1::ClientRequest&, const auto& answer) {
    answer(error_reply(v1::ERROR_CODE_NOT_FOUND, "There is no job \"x\"."));
  });

  const Ran ran = run({"job", "show", "x", "--coordinator", coordinator.endpoint()});

  EXPECT_EQ(ran.code, config::kExitNotFound);
  EXPECT_EQ(ran.err, "There is no job \"x\".");
}

TEST(Commands, ADeadCoordinatorOfTheDataFolderIsToldAtOnce) {
  const auto data = std::filesystem::path(testing::TempDir()) / "dead-coordinator";
  // No process has an id beyond the kernel's largest.
  ASSERT_TRUE(config::write_endpoints(
      data, {.client = "tcp://127.0.0.1:1", .worker = "", .blob = "", .pid = 1 << 23}));

  const Ran ran = run({"status", "--data", data.string()});

  EXPECT_EQ(ran.code, config::kExitUnreachable);
  EXPECT_THAT(ran.err, HasSubstr("has ended. Start one with: furrow up"));
}

TEST(Commands, CellListIsABareArrayOfEveryPage) {
  FakeCoordinator coordinator([](const v1::ClientRequest& request, const auto& answer) {
    if (request.has_show_job()) return answer(planned_job(v1::JOB_STATE_DONE));
    v1::ClientReply reply;
    const auto first = request.list_cells().first();
    reply.mutable_cells()->add_cells()->set_index(first);
    reply.mutable_cells()->set_next(first + 1);
    if (first == 2) reply.mutable_cells()->clear_cells();
    answer(reply);
  });

  const Ran ran = run({"cell", "list", "last", "--json", "--coordinator", coordinator.endpoint()});

  const Json cells = Json::parse(ran.out);
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_EQ(cells[1]["index"], 1);
  EXPECT_EQ(cells[1]["coordinates"]["Seed"], 0);
}

TEST(Commands, SubmitPrintsOnlyTheIdAsData) {
  FakeCoordinator coordinator([](const v1::ClientRequest&, const auto& answer) {
    v1::ClientReply reply;
    *reply.mutable_submitted()->mutable_job() = planned_job(v1::JOB_STATE_PENDING).job().job();
    answer(reply);
  });

  const Ran ran = run({"submit", "--prompt", "a cat", "--coordinator", coordinator.endpoint()});

  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "12\n");
  EXPECT_THAT(ran.err, HasSubstr("furrow job watch 12"));
}

TEST(Commands, ADryRunIsAskedForAndPrintsThePlan) {
  std::atomic<bool> dry = false;
  FakeCoordinator coordinator([&](const v1::ClientRequest& request, const auto& answer) {
    dry = request.submit().dry_run();
    v1::ClientReply reply;
    *reply.mutable_submitted()->mutable_job() = planned_job(v1::JOB_STATE_PENDING).job().job();
    reply.mutable_submitted()->mutable_summary()->set_cells(2);
    reply.mutable_submitted()->mutable_summary()->set_device_seconds(-1);
    answer(reply);
  });

  const Ran ran = run({"submit", "--dry-run", "--json", "--coordinator", coordinator.endpoint()});

  EXPECT_TRUE(dry);
  const Json plan = Json::parse(ran.out);
  EXPECT_EQ(plan["schema"], "furrow.plan/1");
  EXPECT_EQ(plan["cells"]["total"], 2);
  EXPECT_EQ(plan["axes"][0]["label"], "Seed");
  EXPECT_TRUE(plan["device_seconds"].is_null());
}

TEST(Commands, ASheetThatCannotBeWrittenIsRefusedBeforeAnythingIsQueued) {
  std::atomic<int> requests = 0;
  FakeCoordinator coordinator([&](const auto&, const auto&) { ++requests; });

  const Ran ran = run({"submit", "--sheet", "grid.jpg", "--coordinator", coordinator.endpoint()});

  EXPECT_EQ(ran.code, config::kExitUsage);
  EXPECT_EQ(requests, 0);
}

/// A picture on disk with these texts.
std::string picture_with(const std::string& name, const std::vector<image::PngText>& texts) {
  const auto file = std::filesystem::path(testing::TempDir()) / name;
  const auto png = image::encode_png(image::Image::filled(8, 8, 200, 100, 0), texts);
  EXPECT_TRUE(write_file(file, png, Durability::Cached));
  return file.string();
}

TEST(PngInfo, PrintsTheTextAsItIs) {
  const std::string text = "a cat\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Seed: 1";
  const auto file = picture_with("as-it-is.png", {{"parameters", text}});

  const Ran ran = run({"png-info", file});

  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, text + "\n");
}

TEST(PngInfo, TakesTheTextApartAsJson) {
  const auto file = picture_with(
      "apart.png",
      {{"parameters", "a cat\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Seed: 1"},
       {"furrow", R"({"schema": "furrow.image/1"})"}});

  const Json info = Json::parse(run({"png-info", file, "--json"}).out);

  EXPECT_EQ(info["prompt"], "a cat");
  EXPECT_EQ(info["negative_prompt"], "blurry");
  EXPECT_EQ(info["fields"]["Sampler"], "Euler a");
  EXPECT_EQ(info["furrow"]["schema"], "furrow.image/1");
}

TEST(PngInfo, ReadsTheCommentOfAJpeg) {
  const std::string text = "a cat\nSteps: 20, Sampler: Euler a, Seed: 1";
  const auto file = (std::filesystem::path(testing::TempDir()) / "a-name.png").string();
  const auto jpeg =
      image::encode_jpeg(image::Image::filled(8, 8, 0, 0, 0), 80, image::exif_of_comment(text));
  ASSERT_TRUE(write_file(file, jpeg.value(), Durability::Cached));

  const Ran ran = run({"png-info", file});

  EXPECT_EQ(ran.out, text + "\n");
}

TEST(PngInfo, APictureWithoutTextEndsWithThree) {
  const auto file = picture_with("mute.png", {{"Software", "a camera"}});

  const Ran ran = run({"png-info", file});

  EXPECT_EQ(ran.code, config::kExitNotFound);
  EXPECT_THAT(ran.err, HasSubstr("only \"Software\""));
}

TEST(PngInfo, WhatIsNoPngEndsWithTwoAndTheOthersAreStillTold) {
  const auto broken = std::filesystem::path(testing::TempDir()) / "no.png";
  ASSERT_TRUE(write_file(broken, "this is text", Durability::Cached));
  const auto good = picture_with("good.png", {{"parameters", "a dog"}});

  const Ran ran = run({"png-info", broken.string(), good});

  EXPECT_EQ(ran.code, config::kExitUsage);
  EXPECT_THAT(ran.out, HasSubstr("a dog"));
  EXPECT_THAT(ran.err, HasSubstr("no.png"));
}

}  // namespace

}  // namespace furrow::cli
