#include "coordinator/store/reader.h"

#include <span>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/store/database.h"
#include "tests/coordinator/store/data_folder.h"
#include "tests/coordinator/support/farm.h"

namespace furrow::store {
namespace {

using test::a_hello;
using test::a_sweep;
using test::DataFolder;
using test::Farm;
using ::testing::ElementsAre;

/// A farm whose every op so far is committed to a database of its own.
class StoredFarm {
 public:
  StoredFarm() : database_(std::move(*Database::open(folder_.path()))), farm_(*database_.load()) {}

  Farm& farm() { return farm_; }

  Reader reader() {
    const auto& ops = farm_.all_stored();
    const std::span<const core::StoreOp> fresh(
        ops.begin() + static_cast<std::ptrdiff_t>(committed_), ops.end());
    EXPECT_TRUE(database_.commit(fresh).has_value());
    committed_ = ops.size();
    return std::move(*Reader::open(folder_.path()));
  }

 private:
  DataFolder folder_;
  Database database_;
  Farm farm_;
  std::size_t committed_ = 0;
};

std::vector<std::uint64_t> indices(const Reader::CellPage& page) {
  std::vector<std::uint64_t> found;
  for (const v1::CellView& cell : page.cells) found.push_back(cell.index());
  return found;
}

/// Ten cells: 0 done, 1 failed, 2 and 3 running, the rest untouched.
JobId some_of_everything(StoredFarm& stored) {
  Farm& farm = stored.farm();
  const JobId job = farm.submits(a_sweep().with_seeds(10).grid());
  const SessionId worker = farm.joins(a_hello("anna", 2));
  const auto held = farm.leases(worker);
  farm.renders(worker, held[0]);
  farm.fails(worker, held[1], v1::FAILURE_CLASS_INPUT);
  return job;
}

TEST(Reader, ListsTouchedAndUntouchedCellsAlike) {
  StoredFarm stored;
  const JobId job = some_of_everything(stored);

  const auto page = stored.reader().cells(job, 0, 0, {});

  ASSERT_TRUE(page.has_value());
  ASSERT_EQ(page->cells.size(), 10U);
  EXPECT_EQ(page->next, 10U);
  EXPECT_EQ(page->cells[0].state(), v1::CELL_STATE_DONE);
  EXPECT_EQ(page->cells[0].worker(), "anna");
  EXPECT_EQ(page->cells[0].seconds(), 2);
  EXPECT_EQ(page->cells[0].artifact().size(), 32U);
  EXPECT_EQ(page->cells[1].state(), v1::CELL_STATE_FAILED);
  EXPECT_EQ(page->cells[1].error(), "it broke");
  EXPECT_EQ(page->cells[2].state(), v1::CELL_STATE_LEASED);
  EXPECT_EQ(page->cells[9].state(), v1::CELL_STATE_PENDING);
  EXPECT_EQ(page->cells[9].index(), 9U);
}

TEST(Reader, PagesMeetWithoutGapOrOverlap) {
  StoredFarm stored;
  const JobId job = some_of_everything(stored);
  Reader reader = stored.reader();

  std::vector<std::uint64_t> seen;
  std::uint64_t first = 0;
  do {
    const auto page = reader.cells(job, first, 3, {});
    EXPECT_LE(page->cells.size(), 3U);
    for (const std::uint64_t index : indices(*page)) seen.push_back(index);
    first = page->next;
  } while (first < 10);

  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(Reader, FiltersByState) {
  StoredFarm stored;
  const JobId job = some_of_everything(stored);
  Reader reader = stored.reader();

  EXPECT_THAT(indices(*reader.cells(job, 0, 0, {v1::CELL_STATE_FAILED})), ElementsAre(1));
  EXPECT_THAT(indices(*reader.cells(job, 0, 0, {v1::CELL_STATE_LEASED})), ElementsAre(2, 3));
  EXPECT_THAT(indices(*reader.cells(job, 0, 0, {v1::CELL_STATE_PENDING})),
              ElementsAre(4, 5, 6, 7, 8, 9));
  EXPECT_THAT(indices(*reader.cells(job, 3, 2, {v1::CELL_STATE_LEASED, v1::CELL_STATE_PENDING})),
              ElementsAre(3, 4));
  EXPECT_THAT(indices(*reader.cells(job, 0, 0, {v1::CELL_STATE_CANCELLED})), ElementsAre());
  EXPECT_EQ(reader.cells(job, 0, 0, {v1::CELL_STATE_FAILED})->next, 10U);
}

TEST(Reader, UntouchedCellsOfACancelledJobAreCancelled) {
  StoredFarm stored;
  const JobId job = some_of_everything(stored);
  stored.farm().take(*stored.farm().core().on_job_cancelled(job, stored.farm().now()));
  Reader reader = stored.reader();

  EXPECT_THAT(indices(*reader.cells(job, 0, 0, {v1::CELL_STATE_CANCELLED})),
              ElementsAre(2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(reader.cell({job, CellIndex{9}})->state(), v1::CELL_STATE_CANCELLED);
  EXPECT_EQ(reader.job(job)->state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(reader.job(job)->cells().cancelled(), 8U);
}

TEST(Reader, ACellHasItsFailedAttempts) {
  StoredFarm stored;
  const JobId job = some_of_everything(stored);
  Reader reader = stored.reader();

  const auto failed = reader.cell({job, CellIndex{1}});
  ASSERT_EQ(failed->attempts_size(), 1);
  EXPECT_EQ(failed->attempts(0).class_(), v1::FAILURE_CLASS_INPUT);
  EXPECT_EQ(failed->attempts(0).worker(), "anna");
  EXPECT_EQ(reader.cell({job, CellIndex{9}})->state(), v1::CELL_STATE_PENDING);
  EXPECT_EQ(reader.cell({job, CellIndex{10}}).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(reader.cell({JobId{9}, CellIndex{0}}).error().kind, ErrorKind::NotFound);
}

TEST(Reader, ACachedCellHasThePictureOfItsSource) {
  StoredFarm stored;
  some_of_everything(stored);
  const JobId again = stored.farm().submits(a_sweep().grid());  // seed 1: the cell that is done
  stored.farm().advance(std::chrono::seconds(1));
  const SessionId other = stored.farm().joins(a_hello("berta", 1));
  ASSERT_NE(other, SessionId{});
  // The older job's cells go first; the cached one is found when its turn comes.
  for (int i = 0; i < 12 && stored.farm().view(again).cells().cached() == 0; ++i) {
    stored.farm().renders(other, stored.farm().only_lease(other));
  }
  Reader reader = stored.reader();

  const auto copy = reader.cell({again, CellIndex{0}});

  EXPECT_EQ(copy->state(), v1::CELL_STATE_CACHED);
  EXPECT_EQ(copy->artifact(), reader.cell({JobId{1}, CellIndex{0}})->artifact());
}

TEST(Reader, GivesThePlanAndTheSweep) {
  StoredFarm stored;
  const JobId job = some_of_everything(stored);
  Reader reader = stored.reader();

  EXPECT_EQ(reader.plan(job)->base().prompt(), "a cat face");
  EXPECT_EQ(reader.plan(JobId{9}).error().kind, ErrorKind::NotFound);
  EXPECT_TRUE(reader.spec(job).has_value());
}

}  // namespace
}  // namespace furrow::store
