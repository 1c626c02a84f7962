// A farm in virtual time over the real database: workers vanish, come back, repeat themselves,
// answer late and fail; the coordinator dies between decision and commit. Whatever happens, every
// job ends and no cell gets two results. A failure prints the seed that makes it happen again.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "coordinator/core/core.h"
#include "coordinator/store/database.h"
#include "coordinator/store/reader.h"
#include "tests/coordinator/store/data_folder.h"
#include "tests/coordinator/support/sweeps.h"

namespace furrow::store {
namespace {

using std::chrono::milliseconds;
using test::a_hello;
using test::a_sweep;
using test::DataFolder;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  bool chance(double p) { return std::uniform_real_distribution<>(0, 1)(random_) < p; }

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

 private:
  std::mt19937_64 random_;
};

/// How much goes wrong.
struct Faults {
  double vanish = 0;       ///< a worker forgets everything, per worker and tick
  double cut_off = 0;      ///< a worker is not heard for a while
  double fail = 0;         ///< an attempt fails, per attempt and tick
  double repeat = 0;       ///< a result is sent again
  double wrong = 0;        ///< a result is of another recipe
  double coordinator = 0;  ///< the coordinator dies, per tick
  double meddle = 0;       ///< a person cancels or retries a job
};

/// A worker as the protocol has it: it runs what it is offered, keeps what it finished until that
/// is acknowledged, and says Hello again when it has lost the coordinator.
struct SimulatedWorker {
  struct Attempt {
    v1::Token token;
    std::uint32_t step = 0;
  };

  std::string name;
  std::uint32_t credits = 1;
  std::vector<std::string> models;
  std::optional<SessionId> session;
  int away_ticks = 0;  ///< until it says Hello
  std::deque<v1::ToWorker> inbox;
  std::vector<Attempt> running;
  std::vector<v1::Token> spool;
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed, const Faults& faults) : dice_(seed), faults_(faults) {
    start();
    for (int i = 0; i < 4; ++i) {
      SimulatedWorker& worker = workers_.emplace_back();
      worker.name = fmt::format("w{}", i);
      worker.credits = static_cast<std::uint32_t>(1 + dice_.below(4));
      worker.models = i % 2 ? std::vector<std::string>{"cats", "dogs"}
                            : std::vector<std::string>{i ? "dogs" : "cats"};
      worker.away_ticks = static_cast<int>(dice_.below(5));
    }
  }

  void submit(const test::SweepBuilder& sweep) {
    auto submitted = core_->on_job_submitted({.name = {},
                                              .owner = {},
                                              .priority = static_cast<int>(dice_.below(2)),
                                              .client_token = {},
                                              .grid = sweep.grid(),
                                              .spec = {}},
                                             now_);
    decide(std::move(submitted->effects));
    commit();
  }

  /// 100 ms go by.
  void tick() {
    now_.instant += milliseconds(100);
    now_.unix.value += 100;
    for (SimulatedWorker& worker : workers_) live(worker);
    decide(core_->on_tick(now_));
    if (dice_.chance(faults_.meddle)) meddle();
    if (dice_.chance(faults_.coordinator)) {
      die();
    } else if (dice_.chance(0.7)) {
      commit();
    }
  }

  bool is_over() const {
    return core_->jobs(1, {v1::JOB_STATE_PENDING, v1::JOB_STATE_RUNNING}).empty();
  }

  void calm_down() { faults_ = {}; }

  /// What is on disk in the end is what was promised.
  void audit() {
    commit();
    Reader reader = std::move(*Reader::open(folder_.path()));
    for (const JobId id : core_->jobs(1000, {})) {
      const v1::CellCounts counted = core_->job_view(id, now_).cells();
      std::map<v1::CellState, std::uint64_t> found;
      for (std::uint64_t first = 0; first < counted.total();) {
        const auto page = reader.cells(id, first, 0, {});
        ASSERT_TRUE(page.has_value());
        for (const v1::CellView& cell : page->cells) {
          ++found[cell.state()];
          const bool has_picture =
              cell.state() == v1::CELL_STATE_DONE || cell.state() == v1::CELL_STATE_CACHED;
          EXPECT_EQ(has_picture, cell.artifact().size() == 32) << id.value << "/" << cell.index();
        }
        first = page->next;
      }
      EXPECT_EQ(found[v1::CELL_STATE_DONE], counted.done());
      EXPECT_EQ(found[v1::CELL_STATE_CACHED], counted.cached());
      EXPECT_EQ(found[v1::CELL_STATE_FAILED], counted.failed());
      EXPECT_EQ(found[v1::CELL_STATE_CANCELLED], counted.cancelled());
      EXPECT_EQ(reader.job(id)->cells().done(), counted.done());
      EXPECT_EQ(reader.job(id)->state(), core_->job_view(id, now_).state());
    }
    EXPECT_TRUE(std::all_of(acknowledged_.begin(), acknowledged_.end(),
                            [this](const CellKey& cell) { return completed_.contains(cell); }));
  }

  std::size_t results() const { return completed_.size(); }

  /// What happened, into the test's report.
  void record_story() const {
    const auto record = [](const char* what, std::size_t count) {
      ::testing::Test::RecordProperty(what, static_cast<int>(count));
    };
    record("lives", lives_);
    record("hellos", sessions_);
    record("results", completed_.size());
    record("failed_tries", failed_tries_);
    record("salvaged", salvaged_);
    record("duplicates", duplicates_);
  }

 private:
  void start() {
    ++lives_;
    database_.emplace(std::move(*Database::open(folder_.path())));
    auto restored = database_->load();
    core_.emplace(core::Settings{}, *std::move(restored), now_);
    core_->check_invariants();
  }

  /// The process ends: what was not committed was never said.
  void die() {
    undecided_.clear();
    core_.reset();
    database_.reset();
    for (SimulatedWorker& worker : workers_) lose_session(worker, 20);
    start();
  }

  void decide(core::Effects effects) {
    undecided_.push_back(std::move(effects));
    core_->check_invariants();
  }

  void commit() {
    std::vector<std::span<const core::StoreOp>> groups;
    for (const core::Effects& effects : undecided_) groups.emplace_back(effects.store);
    const auto written = database_->commit(groups);
    ASSERT_TRUE(written.has_value()) << written.error().message;
    for (core::Effects& effects : std::exchange(undecided_, {})) {
      for (const core::StoreOp& op : effects.store) remember(op);
      for (core::ToSession& out : effects.send) deliver(out);
    }
  }

  void remember(const core::StoreOp& op) {
    if (const auto* result = std::get_if<core::CompleteCell>(&op)) {
      EXPECT_TRUE(completed_.insert(result->cell).second) << "two results for one cell";
    }
    if (std::holds_alternative<core::RecordAttempt>(op)) ++failed_tries_;
    if (const auto* lease = std::get_if<core::LeaseCells>(&op)) {
      for (const auto& cell : lease->cells) {
        std::uint32_t& newest = attempts_[{lease->job, cell.cell}];
        EXPECT_GT(cell.attempt, newest) << "attempt numbers rise";
        newest = cell.attempt;
      }
    }
  }

  void deliver(core::ToSession& out) {
    for (SimulatedWorker& worker : workers_) {
      if (worker.session == out.session) worker.inbox.push_back(std::move(out.message));
    }
  }

  void lose_session(SimulatedWorker& worker, std::size_t longest) {
    worker.session.reset();
    worker.inbox.clear();
    worker.away_ticks = static_cast<int>(1 + dice_.below(longest));
  }

  void live(SimulatedWorker& worker) {
    if (dice_.chance(faults_.vanish)) {
      worker.running.clear();
      worker.spool.clear();
      if (worker.session && dice_.chance(0.5)) {
        decide(core_->on_worker_gone(*worker.session, core::GoneReason::Disconnected, now_));
      }
      lose_session(worker, 100);
    } else if (dice_.chance(faults_.cut_off)) {
      lose_session(worker, 300);
    }
    if (!worker.session) {
      if (--worker.away_ticks <= 0) say_hello(worker);
      return;
    }
    while (!worker.inbox.empty() && dice_.chance(0.8)) {
      read(worker, worker.inbox.front());
      worker.inbox.pop_front();
    }
    render(worker);
    deliver_results(worker);
    heartbeat(worker);
  }

  void say_hello(SimulatedWorker& worker) {
    v1::Hello hello = a_hello(worker.name, worker.credits, worker.models);
    for (const auto& attempt : worker.running) *hello.add_held()->mutable_token() = attempt.token;
    for (const v1::Token& token : worker.spool) {
      v1::HeldAttempt& held = *hello.add_held();
      *held.mutable_token() = token;
      held.set_finished(true);
    }
    worker.session = SessionId{++sessions_};
    last_answer_[worker.name] = now_.instant;
    decide(core_->on_worker_hello(*worker.session, hello, now_));
  }

  /// A worker that gets no answer to its heartbeats connects anew.
  void heartbeat(SimulatedWorker& worker) {
    decide(core_->on_heartbeat(*worker.session, {}, now_));
    if (now_.instant - last_answer_[worker.name] > std::chrono::seconds(10))
      lose_session(worker, 5);
  }

  static bool is_same(const v1::Token& a, const v1::Token& b) {
    return a.job() == b.job() && a.cell() == b.cell() && a.attempt() == b.attempt();
  }

  void forget(SimulatedWorker& worker, const v1::Token& token, bool spooled_too) {
    std::erase_if(worker.running, [&](const auto& held) { return is_same(held.token, token); });
    if (spooled_too) {
      std::erase_if(worker.spool, [&](const auto& held) { return is_same(held, token); });
    }
  }

  void read(SimulatedWorker& worker, const v1::ToWorker& message) {
    last_answer_[worker.name] = now_.instant;
    for (int i = 0; i < message.offer().cells_size(); ++i) {
      SimulatedWorker::Attempt& attempt = worker.running.emplace_back();
      attempt.token.set_job(message.offer().job());
      attempt.token.set_cell(message.offer().cells(i));
      attempt.token.set_attempt(message.offer().attempts(i));
      attempt.token.set_epoch(message.epoch());
    }
    for (const v1::Token& token : message.revoked().tokens()) forget(worker, token, false);
    for (const v1::Token& token : message.welcome().dropped()) forget(worker, token, true);
    for (int i = 0; i < message.acknowledged().tokens_size(); ++i) {
      const v1::Token& token = message.acknowledged().tokens(i);
      forget(worker, token, true);
      const v1::ResultOutcome outcome = message.acknowledged().outcomes(i);
      if (outcome == v1::RESULT_OUTCOME_SALVAGED) ++salvaged_;
      if (outcome == v1::RESULT_OUTCOME_DUPLICATE) ++duplicates_;
      if (outcome == v1::RESULT_OUTCOME_ACCEPTED || outcome == v1::RESULT_OUTCOME_SALVAGED) {
        acknowledged_.insert({JobId{token.job()}, CellIndex{token.cell()}});
      }
    }
  }

  void render(SimulatedWorker& worker) {
    if (worker.running.empty()) return;
    SimulatedWorker::Attempt& attempt = worker.running.front();
    if (dice_.chance(faults_.fail)) {
      v1::AttemptFailed failed;
      *failed.mutable_token() = attempt.token;
      failed.set_class_(static_cast<v1::FailureClass>(1 + dice_.below(10)));
      failed.set_detail("broke");
      decide(core_->on_attempt_failed(*worker.session, failed, now_));
      worker.running.erase(worker.running.begin());
      return;
    }
    if (++attempt.step <= 5) {
      v1::Progress progress;
      *progress.mutable_token() = attempt.token;
      progress.set_phase(v1::PHASE_DENOISING);
      progress.set_step(attempt.step);
      progress.set_steps(5);
      decide(core_->on_progress(*worker.session, progress, now_));
      return;
    }
    worker.spool.push_back(attempt.token);
    worker.running.erase(worker.running.begin());
  }

  void deliver_results(SimulatedWorker& worker) {
    if (worker.spool.empty() || dice_.chance(0.5)) return;  // the upload takes a while
    v1::CellsRendered rendered;
    for (const v1::Token& token : worker.spool) {
      v1::RenderedCell& cell = *rendered.add_cells();
      *cell.mutable_token() = token;
      const auto grid =
          core_->exists(JobId{token.job()}) ? core_->grid(JobId{token.job()}) : nullptr;
      const bool right = grid && !dice_.chance(faults_.wrong);
      const Digest hash = right ? grid->recipe_hash(token.cell()) : sha256("another");
      cell.set_recipe_hash(hash.raw());
      cell.set_artifact(sha256(hash.hex()).raw());
      cell.mutable_timing()->set_total(0.5);
    }
    decide(core_->on_cells_rendered(*worker.session, rendered, now_));
    if (dice_.chance(faults_.repeat)) {
      decide(core_->on_cells_rendered(*worker.session, rendered, now_));
    }
  }

  void meddle() {
    const auto jobs = core_->jobs(1000, {});
    const JobId job = jobs[dice_.below(jobs.size())];
    if (dice_.chance(0.5)) {
      if (auto cancelled = core_->on_job_cancelled(job, now_)) decide(*std::move(cancelled));
      return;
    }
    std::optional<core::RestoredCells> cells;
    if (core_->needs_cells(job)) cells = *Reader::open(folder_.path())->restored_cells(job);
    if (auto retried = core_->on_job_retried(job, std::move(cells), now_)) {
      decide(*std::move(retried));
    }
  }

  DataFolder folder_;
  Dice dice_;
  Faults faults_;
  Now now_{Instant{} + std::chrono::hours(1), UnixMillis{1'700'000'000'000}};
  std::optional<Database> database_;
  std::optional<core::Core> core_;
  std::vector<core::Effects> undecided_;  // decided, not yet committed
  std::vector<SimulatedWorker> workers_;
  std::map<std::string, Instant> last_answer_;
  std::uint64_t sessions_ = 0;
  std::set<CellKey> completed_;
  std::set<CellKey> acknowledged_;
  std::map<CellKey, std::uint32_t> attempts_;
  std::size_t lives_ = 0;
  std::size_t failed_tries_ = 0;
  std::size_t salvaged_ = 0;
  std::size_t duplicates_ = 0;
};

class FarmSimulation : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(FarmSimulation, EveryJobEndsAndNoCellHasTwoResults) {
  const std::uint64_t seed = GetParam();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Simulation farm(seed, {.vanish = 0.002,
                         .cut_off = 0.002,
                         .fail = 0.01,
                         .repeat = 0.1,
                         .wrong = 0.02,
                         .coordinator = 0.004,
                         .meddle = 0.002});
  farm.submit(a_sweep().with_seeds(100).with_models({"cats", "dogs"}));
  farm.submit(a_sweep().with_seeds(160));
  farm.submit(a_sweep().with_prompt("twice").with_seeds(20, 0));
  for (int i = 0; i < 1500 && !HasFatalFailure(); ++i) farm.tick();

  farm.calm_down();
  int ticks = 0;
  constexpr int kHour = 36'000;
  while (!farm.is_over() && ++ticks < kHour && !HasFatalFailure()) farm.tick();

  EXPECT_TRUE(farm.is_over()) << "an hour without faults ends every job";
  farm.audit();
  EXPECT_GT(farm.results(), 0U);
  farm.record_story();
}

/// A quick run tries a few seeds; FURROW_SIM_SEEDS=N tries N.
std::uint64_t seeds() {
  const char* wanted = std::getenv("FURROW_SIM_SEEDS");
  return wanted ? std::strtoull(wanted, nullptr, 10) : 30;
}

INSTANTIATE_TEST_SUITE_P(Seeds, FarmSimulation, ::testing::Range<std::uint64_t>(1, 1 + seeds()));

}  // namespace
}  // namespace furrow::store
