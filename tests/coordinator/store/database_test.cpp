#include "coordinator/store/database.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "coordinator/store/migrations.h"
#include "coordinator/store/reader.h"
#include "coordinator/store/sqlite.h"
#include "coordinator/store/statements.h"
#include "coordinator/store/store_thread.h"
#include "tests/coordinator/store/data_folder.h"
#include "tests/coordinator/support/farm.h"

namespace furrow::store {
namespace {

using core::StoreOp;
using test::a_sweep;
using test::DataFolder;
using ::testing::HasSubstr;
using ::testing::Not;

core::InsertJob a_job(std::uint64_t id, std::uint64_t cells) {
  const auto grid = a_sweep().with_seeds(cells).grid();
  return {.job = JobId{id},
          .name = "cats",
          .owner = "me",
          .priority = 0,
          .client_token = {},
          .created_at = {1},
          .cells = cells,
          .spec = {},
          .plan = grid->plan().SerializeAsString()};
}

core::LeaseCells a_lease(std::uint64_t cell, std::uint32_t attempt) {
  return {JobId{1}, WorkerKey{1}, {{CellIndex{cell}, attempt}}};
}

core::CompleteCell a_result(std::uint64_t cell, std::uint32_t attempt) {
  core::CompleteCell result;
  result.cell = {JobId{1}, CellIndex{cell}};
  result.attempt = attempt;
  result.worker = WorkerKey{1};
  result.recipe_hash = sha256(std::to_string(cell));
  result.artifact = sha256("picture" + std::to_string(cell));
  result.artifact_bytes = 1000;
  result.total_s = 2;
  return result;
}

TEST(Database, EveryStartRaisesTheEpoch) {
  const DataFolder folder;
  for (std::uint64_t start = 1; start <= 3; ++start) {
    auto database = Database::open(folder.path());
    ASSERT_TRUE(database.has_value());
    EXPECT_EQ(database->load()->epoch, Epoch{start});
  }
}

TEST(Database, ASecondCoordinatorIsRefused) {
  const DataFolder folder;
  const auto first = Database::open(folder.path());
  ASSERT_TRUE(first.has_value());

  const auto second = Database::open(folder.path());

  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::Conflict);
  EXPECT_THAT(second.error().message, HasSubstr("Another coordinator"));
}

TEST(Database, AnotherProgramsFileIsRefused) {
  const DataFolder folder;
  auto other = Connection::open(folder.path() / "furrow.db", Connection::Mode::ReadWrite);
  ASSERT_TRUE(other->execute("CREATE TABLE recipes (id INTEGER)").has_value());

  const auto opened = Database::open(folder.path());

  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::Invalid);
}

TEST(Database, ANewerFileIsRefused) {
  const DataFolder folder;
  ASSERT_TRUE(Database::open(folder.path()).has_value());
  auto connection = Connection::open(folder.path() / "furrow.db", Connection::Mode::ReadWrite);
  ASSERT_TRUE(connection->execute("PRAGMA user_version = 999").has_value());

  const auto opened = Database::open(folder.path());

  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message, HasSubstr("newer furrow"));
}

TEST(Database, CommitsAllOfAGroupOrNothing) {
  const DataFolder folder;
  auto database = Database::open(folder.path());
  ASSERT_TRUE(database->commit(std::vector<StoreOp>{a_job(1, 10)}).has_value());

  const auto refused =
      database->commit(std::vector<StoreOp>{a_lease(0, 1), a_result(0, 1), a_result(0, 1)});

  EXPECT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("a result"));
  EXPECT_TRUE(database->load()->jobs[0].cells.cells.empty());
}

TEST(Database, ACellNeverGetsASecondResult) {
  const DataFolder folder;
  auto database = Database::open(folder.path());
  ASSERT_TRUE(database->commit(std::vector<StoreOp>{a_job(1, 10), a_lease(3, 1), a_result(3, 1)})
                  .has_value());

  EXPECT_FALSE(database->commit(std::vector<StoreOp>{a_result(3, 2)}).has_value());
}

TEST(Database, RestoresWhatIsLive) {
  const DataFolder folder;
  {
    auto database = Database::open(folder.path());
    const std::vector<StoreOp> ops{
        a_job(1, 10),
        a_lease(2, 1),
        a_lease(5, 1),
        a_result(5, 1),
        a_lease(7, 1),
        core::RecordAttempt{.cell = {JobId{1}, CellIndex{7}},
                            .attempt = 1,
                            .worker = WorkerKey{1},
                            .failure_class = v1::FAILURE_CLASS_OOM,
                            .charged = true,
                            .detail = "no memory",
                            .log_tail = {},
                            .ended_at = {5}},
        core::RequeueCell{{JobId{1}, CellIndex{7}}},
        core::SaveJob{JobId{1},
                      v1::JOB_STATE_RUNNING,
                      {.total = 10, .pending = 8, .running = 1, .done = 1},
                      2.0,
                      {}}};
    ASSERT_TRUE(database->commit(ops).has_value());
  }

  const auto restored = Database::open(folder.path())->load();

  ASSERT_TRUE(restored.has_value());
  ASSERT_EQ(restored->jobs.size(), 1U);
  const core::RestoredJob& job = restored->jobs[0];
  EXPECT_EQ(job.counts.done, 1U);
  ASSERT_EQ(job.cells.cells.size(), 3U);
  EXPECT_EQ(job.cells.cells[0].state, v1::CELL_STATE_LEASED);
  EXPECT_EQ(job.cells.cells[1].state, v1::CELL_STATE_DONE);
  EXPECT_EQ(job.cells.cells[2].state, v1::CELL_STATE_PENDING);
  ASSERT_EQ(job.cells.attempts.size(), 1U);
  EXPECT_EQ(job.cells.attempts[0].failure_class, v1::FAILURE_CLASS_OOM);
  ASSERT_EQ(restored->renders.size(), 1U);
  EXPECT_EQ(restored->renders[0].cell, (CellKey{JobId{1}, CellIndex{5}}));
}

TEST(Database, AJobAndWhatItNamesAreOneTransaction) {
  const DataFolder folder;
  auto database = Database::open(folder.path());
  core::InsertJob twice = a_job(1, 10);
  twice.inputs = {sha256("cat.png"), sha256("cat.png")};

  EXPECT_FALSE(database->commit(std::vector<StoreOp>{twice}).has_value());
  EXPECT_TRUE(database->load()->jobs.empty());
  twice.inputs.pop_back();
  ASSERT_TRUE(database->commit(std::vector<StoreOp>{twice}).has_value());
  EXPECT_EQ(database->load()->named_inputs, std::vector{sha256("cat.png")});
}

TEST(Database, AMillionCellsTakeFewBytesUntilTheyRun) {
  const DataFolder folder;
  {
    auto database = Database::open(folder.path());
    ASSERT_TRUE(database->commit(std::vector<StoreOp>{a_job(1, 1'000'000)}).has_value());
    ASSERT_TRUE(database->checkpoint(true).has_value());
  }

  EXPECT_LT(std::filesystem::file_size(folder.path() / "furrow.db"), 64U * 1024);
}

TEST(Migrations, EachGoesOnFromTheOneBefore) {
  const DataFolder folder;
  auto connection = Connection::open(folder.path() / "furrow.db", Connection::Mode::ReadWrite);
  for (int version = 1; version <= newest_version(); ++version) {
    ASSERT_TRUE(migrate(*connection, version).has_value());
    EXPECT_EQ(*connection->integer("PRAGMA user_version"), version);
  }
  EXPECT_EQ(*connection->integer("SELECT value FROM meta WHERE key = 'epoch'"), 0);
}

/// How SQLite goes about a statement, one line a step.
std::string plan_of(const Connection& connection, std::string_view sql) {
  auto rows = Statement::prepare(connection, "EXPLAIN QUERY PLAN " + std::string(sql));
  EXPECT_TRUE(rows.has_value()) << sql;
  std::string plan;
  while (*rows->next()) plan += std::string(rows->text(3)) + "\n";
  return plan;
}

TEST(Statements, NoneReadsMoreThanItNeeds) {
  const DataFolder folder;
  ASSERT_TRUE(Database::open(folder.path()).has_value());
  const auto connection =
      Connection::open(folder.path() / "furrow.db", Connection::Mode::ReadWrite);
  const std::string page(sql::kPageColumns);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {std::string(sql::kCacheCell), "SEARCH cell USING PRIMARY KEY (job=? AND idx=?)"},
      {std::string(sql::kRequeueCell), "SEARCH cell USING PRIMARY KEY (job=? AND idx=?)"},
      {std::string(sql::kFailCell), "SEARCH cell USING PRIMARY KEY (job=? AND idx=?)"},
      {std::string(sql::kCancelCells), "SEARCH cell USING INDEX cell_live (job=?)"},
      {std::string(sql::kSaveJob), "SEARCH job USING INTEGER PRIMARY KEY (rowid=?)"},
      {std::string(sql::kSaveWorkerRecord), "SEARCH worker USING INTEGER PRIMARY KEY (rowid=?)"},
      {page + std::string(sql::kPageAll), "SEARCH cell USING PRIMARY KEY (job=? AND idx>?)"},
      {page + std::string(sql::kPageLive), "cell_live (job=? AND idx>?)"},
      {page + std::string(sql::kPageFailed), "cell_failed (job=? AND idx>?)"},
      {std::string(sql::kAttemptsOfCell), "SEARCH attempt USING PRIMARY KEY (job=? AND idx=?)"},
      {std::string(sql::kTouchedCells), "SEARCH cell USING PRIMARY KEY (job=?)"},
      {std::string(sql::kChargedAttempts), "SEARCH attempt USING PRIMARY KEY (job=?)"},
  };
  for (const auto& [statement, step] : expected) {
    const std::string plan = plan_of(*connection, statement);
    EXPECT_THAT(plan, HasSubstr(step)) << statement;
    EXPECT_THAT(plan, Not(HasSubstr("SCAN"))) << statement;
    EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE"))) << statement;
  }
}

TEST(StoreThread, ReportsWhatIsDurableInOrder) {
  const DataFolder folder;
  {
    StoreThread thread(*Database::open(folder.path()));
    thread.submit({1, {a_job(1, 100)}});
    for (Sequence sequence = 2; sequence <= 50; ++sequence) {
      thread.submit({sequence, {a_lease(sequence, 1)}});
    }
    Sequence seen = 0;
    while (seen < 50) {
      thread.acknowledge();
      const Sequence committed = thread.committed();
      EXPECT_GE(committed, seen);
      seen = committed;
    }
  }

  EXPECT_EQ(Database::open(folder.path())->load()->jobs[0].cells.cells.size(), 49U);
}

TEST(StoreThread, CommitsWhatWasSubmittedBeforeItStops) {
  const DataFolder folder;
  { StoreThread(*Database::open(folder.path())).submit({1, {a_job(1, 100)}}); }

  EXPECT_EQ(Database::open(folder.path())->load()->jobs.size(), 1U);
}

TEST(StoreThreadDeathTest, AWriteThatFailsEndsTheProcess) {
  const DataFolder folder;
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        StoreThread thread(*Database::open(folder.path()));
        thread.submit({1, {core::RequeueCell{{JobId{1}, CellIndex{0}}}}});  // of no lease
        while (true) thread.acknowledge();
      },
      ::testing::ExitedWithCode(EXIT_FAILURE), "");
}

}  // namespace
}  // namespace furrow::store
