// How many cells a second the coordinator can hand out and take back, without sockets: the core
// decides, the store commits with synchronous=FULL on the disk of TMPDIR, and only then does the
// next worker hear of it.
//
// BM_Dispatch/B: eight workers that render in no time, each with B cells at once.
// BM_Decide/B:   the core alone, nothing written.
// BM_SubmitMillion: one sweep of a million cells, decided and committed.

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <poll.h>

#include "coordinator/core/core.h"
#include "coordinator/store/database.h"
#include "coordinator/store/store_thread.h"
#include "tests/coordinator/support/sweeps.h"
#include "tests/support/temporary_folder.h"

namespace furrow {
namespace {

constexpr int kWorkers = 8;
constexpr std::uint64_t kCells = 100'000;

core::Settings patient() {
  core::Settings settings;
  settings.silent_after = std::chrono::hours(1);
  return settings;
}

/// Renders whatever it is offered at once, with the right hash and no picture.
class InstantWorkers {
 public:
  explicit InstantWorkers(const spec::Grid& grid) {
    for (std::uint64_t cell = 0; cell < grid.cell_count(); ++cell) {
      hashes_.push_back(grid.recipe_hash(cell).raw());
    }
  }

  void receive(const core::ToSession& out) {
    const v1::LeaseOffer& offer = out.message.offer();
    if (offer.cells_size() == 0) return;
    v1::CellsRendered& rendered = ready_.emplace_back(out.session, v1::CellsRendered()).second;
    for (int i = 0; i < offer.cells_size(); ++i) {
      v1::RenderedCell& cell = *rendered.add_cells();
      cell.mutable_token()->set_job(offer.job());
      cell.mutable_token()->set_cell(offer.cells(i));
      cell.mutable_token()->set_attempt(offer.attempts(i));
      cell.mutable_token()->set_epoch(out.message.epoch());
      cell.set_recipe_hash(hashes_[offer.cells(i)]);
      cell.mutable_timing()->set_total(0.001);
    }
  }

  std::optional<std::pair<SessionId, v1::CellsRendered>> next() {
    if (ready_.empty()) return std::nullopt;
    auto result = std::move(ready_.front());
    ready_.pop_front();
    return result;
  }

 private:
  std::vector<std::string> hashes_;
  std::deque<std::pair<SessionId, v1::CellsRendered>> ready_;
};

core::SubmitCommand a_million_or(std::uint64_t cells) {
  return {.name = {},
          .owner = {},
          .priority = 0,
          .client_token = {},
          .grid = test::a_sweep().with_seeds(cells).grid(),
          .spec = {}};
}

void join_all(core::Core& core, std::uint32_t credits, const auto& take) {
  for (std::uint64_t i = 1; i <= kWorkers; ++i) {
    const v1::Hello hello = test::a_hello(std::to_string(i), credits);
    take(core.on_worker_hello(SessionId{i}, hello, Now::read()));
  }
}

bool is_done(const core::Core& core) {
  return core.numbers(Now::read()).jobs_active == 0;
}

void BM_Dispatch(benchmark::State& state) {
  const auto batch = static_cast<std::uint32_t>(state.range(0));
  const std::uint64_t cells = batch == 1 ? kCells / 4 : kCells;
  InstantWorkers workers(*a_million_or(cells).grid);
  for (auto _ : state) {
    state.PauseTiming();
    const test::TemporaryFolder folder;  // on a real disk, so that an fsync costs what it costs
    store::Database database = *store::Database::open(folder.path());
    core::Core core(patient(), *database.load(), Now::read());
    store::StoreThread store(std::move(database));
    std::deque<std::pair<store::Sequence, std::vector<core::ToSession>>> waiting;
    store::Sequence sequence = 0;
    const auto take = [&](core::Effects effects) {
      store.submit({++sequence, std::move(effects.store)});
      waiting.emplace_back(sequence, std::move(effects.send));
    };
    state.ResumeTiming();

    take(core.on_job_submitted(a_million_or(cells), Now::read())->effects);
    join_all(core, batch, take);
    while (!is_done(core)) {
      while (auto result = workers.next()) {
        take(core.on_cells_rendered(result->first, result->second, Now::read()));
      }
      pollfd news{.fd = store.fd(), .events = POLLIN, .revents = 0};
      ::poll(&news, 1, -1);
      store.acknowledge();
      while (!waiting.empty() && waiting.front().first <= store.committed()) {
        for (const core::ToSession& out : waiting.front().second) workers.receive(out);
        waiting.pop_front();
      }
    }
    while (store.committed() < sequence) {
      pollfd news{.fd = store.fd(), .events = POLLIN, .revents = 0};
      ::poll(&news, 1, 10);
    }
  }
  state.counters["cells/s"] =
      benchmark::Counter(static_cast<double>(cells), benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(BM_Dispatch)->Arg(1)->Arg(16)->Arg(64)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_Decide(benchmark::State& state) {
  const auto batch = static_cast<std::uint32_t>(state.range(0));
  InstantWorkers workers(*a_million_or(kCells).grid);
  for (auto _ : state) {
    core::Core core(patient(), {.epoch = Epoch{1}}, Now::read());
    const auto take = [&](const core::Effects& effects) {
      for (const core::ToSession& out : effects.send) workers.receive(out);
    };
    take(core.on_job_submitted(a_million_or(kCells), Now::read())->effects);
    join_all(core, batch, take);
    while (auto result = workers.next()) {
      take(core.on_cells_rendered(result->first, result->second, Now::read()));
    }
  }
  state.counters["cells/s"] = benchmark::Counter(static_cast<double>(kCells),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(BM_Decide)->Arg(1)->Arg(16)->Arg(64)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_SubmitMillion(benchmark::State& state) {
  const test::TemporaryFolder folder;  // on a real disk, so that an fsync costs what it costs
  store::Database database = *store::Database::open(folder.path());
  core::Core core(patient(), *database.load(), Now::read());
  for (auto _ : state) {
    auto submitted = core.on_job_submitted(a_million_or(1'000'000), Now::read());
    if (!database.commit(std::span<const core::StoreOp>(submitted->effects.store))) {
      state.SkipWithError("the commit failed");
    }
  }
}

BENCHMARK(BM_SubmitMillion)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace furrow

BENCHMARK_MAIN();
