// kill -9 of coordinator, agent and engine while a job runs: it finishes by itself, every cell
// once.

#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_client.h"
#include "tests/support/test_coordinator.h"

namespace furrow {
namespace {

using std::chrono::seconds;
using test::ChildProcess;
using test::TestClient;
using test::TestCoordinator;

constexpr std::uint64_t kCells = 40;
constexpr seconds kPatience{90};

/// A GPU that takes about a quarter of a second for four pictures.
constexpr const char* kProfile = R"(
name: Test GPU
max_batch: 4
seconds_per_step: 0.01
batch_cost: 0.5
)";

/// The database, opened read-only while nothing else has it.
class DatabaseFile {
 public:
  explicit DatabaseFile(const std::filesystem::path& data) {
    const auto file = (data / "furrow.db").string();
    EXPECT_EQ(sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  }

  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;

  ~DatabaseFile() { sqlite3_close(handle_); }

  /// The first column of the first row, as text.
  std::string ask(const std::string& sql) const {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle_);
    std::string answer;
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_bytes(statement, 0) > 0) {
      answer = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    return answer;
  }

 private:
  sqlite3* handle_ = nullptr;
};

class CrashTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_.path() / "profile.yaml") << kProfile;
    ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
    start_worker();
    client_ = std::make_unique<TestClient>(context_, coordinator_.endpoints().client);
  }

  void start_worker() {
    const auto profile = (folder_.path() / "profile.yaml").string();
    worker_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{
            "furrow-worker", "start", "--data", coordinator_.data().string(), "--name", "sim1",
            "--devices", "cpu", "--engine",
            test::program("furrow-engine-sim").string() + " --profile " + profile},
        ChildProcess::Options{{}, folder_.path() / "worker.log"});
  }

  void restart_coordinator() {
    coordinator_.kill_hard();
    ASSERT_TRUE(coordinator_.start()) << coordinator_.log();
    client_ = std::make_unique<TestClient>(context_, coordinator_.endpoints().client);
  }

  void submit() {
    v1::JobSpec spec;
    spec.set_name("sweep");
    spec.mutable_base()->set_prompt("a cat face");
    spec.mutable_base()->set_steps(20);
    auto& axis = *spec.add_axes();
    axis.set_label("Seed");
    axis.set_text("1-" + std::to_string(kCells));
    const auto reply = client_->submit(spec, "token");
    ASSERT_TRUE(reply && reply->has_submitted()) << (reply ? reply->DebugString() : "no reply");
  }

  /// Waits until so many cells are done and the job still runs.
  void wait_until_done(std::uint64_t cells) {
    const auto job = client_->watch_until(
        "sweep", kPatience, [&](const v1::JobView& view) { return view.cells().done() >= cells; });
    ASSERT_TRUE(job) << logs();
    ASSERT_LT(job->cells().done(), kCells) << "the job was over too soon to be interrupted";
  }

  void expect_finished() {
    const auto job = client_->watch_until("sweep", kPatience, test::is_terminal);
    ASSERT_TRUE(job) << logs();
    EXPECT_EQ(job->state(), v1::JOB_STATE_DONE) << job->DebugString() << logs();
    EXPECT_EQ(job->cells().done() + job->cells().cached(), kCells) << job->DebugString();
    v1::ClientRequest request;
    request.mutable_list_cells()->mutable_job()->set_text("sweep");
    const auto reply = client_->ask(request);
    ASSERT_TRUE(reply);
    ASSERT_EQ(static_cast<std::uint64_t>(reply->cells().cells_size()), kCells);
    for (const auto& cell : reply->cells().cells()) {
      EXPECT_EQ(cell.state(), v1::CELL_STATE_DONE) << cell.DebugString();
      EXPECT_EQ(cell.artifact().size(), 32U);
    }
  }

  void expect_sound_database() {
    EXPECT_EQ(coordinator_.stop(), 0);
    const DatabaseFile database(coordinator_.data());
    EXPECT_EQ(database.ask("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(database.ask("SELECT count(*) FROM cell"), std::to_string(kCells));
  }

  std::string logs() const {
    const auto worker = read_file(folder_.path() / "worker.log");
    return "\n--- coordinator\n" + coordinator_.log() + "\n--- worker\n" + (worker ? *worker : "");
  }

  test::TemporaryFolder folder_;
  TestCoordinator coordinator_{folder_.path() / "data"};
  std::unique_ptr<ChildProcess> worker_;
  zmq::context_t context_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(CrashTest, AJobRunsToItsEnd) {
  submit();

  expect_finished();
  expect_sound_database();
}

TEST_F(CrashTest, AJobOutlivesKill9OfTheCoordinator) {
  submit();
  wait_until_done(4);

  restart_coordinator();

  expect_finished();
  expect_sound_database();
}

TEST_F(CrashTest, AJobOutlivesKill9OfTheAgent) {
  submit();
  wait_until_done(4);

  worker_->kill_hard();
  start_worker();

  expect_finished();
  expect_sound_database();
}

TEST_F(CrashTest, AJobOutlivesKill9OfTheEngine) {
  submit();
  wait_until_done(4);

  const auto engines = test::children_of(worker_->pid());
  ASSERT_FALSE(engines.empty());
  for (const pid_t engine : engines) ::kill(engine, SIGKILL);

  expect_finished();
  EXPECT_TRUE(worker_->is_running());
  expect_sound_database();
}

TEST_F(CrashTest, EveryPictureIsStoredUnderItsDigest) {
  submit();
  expect_finished();
  v1::ClientRequest request;
  request.mutable_list_cells()->mutable_job()->set_text("sweep");
  const auto reply = client_->ask(request);
  ASSERT_TRUE(reply);

  for (const auto& cell : reply->cells().cells()) {
    const auto digest = Digest::from_raw(cell.artifact());
    ASSERT_TRUE(digest);
    const auto hex = digest->hex();
    const auto picture =
        read_file(coordinator_.data() / "artifacts" / hex.substr(0, 2) / hex.substr(2));
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(sha256(*picture), *digest);
    EXPECT_EQ(picture->size(), cell.artifact_bytes());
  }
}

}  // namespace
}  // namespace furrow
