// Dispatch: a real coordinator process with real sockets and a real database, and workers that
// answer at once.

#include <algorithm>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <zmq.hpp>

#include "tests/bench/furrow_bench.h"
#include "tests/bench/measure.h"
#include "tests/support/sim_worker.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_client.h"
#include "tests/support/test_coordinator.h"

namespace furrow::bench {

namespace {

constexpr std::uint64_t kCellsPerBatchSize = 3000;  // so that every run takes a second or more
constexpr std::uint64_t kMostCells = 100'000;
constexpr std::chrono::minutes kPatience{5};

v1::JobSpec a_sweep(std::uint64_t cells, const std::string& model) {
  v1::JobSpec spec;
  spec.mutable_base()->set_prompt("a cat face");
  spec.mutable_base()->set_model(model);
  auto& axis = *spec.add_axes();
  axis.set_label("Seed");
  axis.set_text(fmt::format("1-{}", cells));
  return spec;
}

std::vector<std::unique_ptr<test::SimWorker>> start_workers(zmq::context_t& context,
                                                            const std::string& endpoint,
                                                            std::uint32_t count,
                                                            std::uint32_t batch) {
  std::vector<std::unique_ptr<test::SimWorker>> workers;
  for (std::uint32_t i = 0; i < count; ++i) {
    workers.push_back(std::make_unique<test::SimWorker>(
        context, test::SimWorker::Options{endpoint, fmt::format("sim{}", i), batch, batch,
                                          test::a_sim_model("bench-model")}));
  }
  return workers;
}

/// From the submit's commit to the last result's, by the coordinator's clock.
double seconds_of(const v1::JobView& job) {
  return static_cast<double>(job.finished_at_ms() - job.created_at_ms()) / 1e3;
}

struct Run {
  double cells_per_second = 0;
  double coordinator_us_per_cell = 0;  ///< of processor time
};

/// Nothing: it went wrong.
std::optional<Run> dispatch_once(const BenchOptions& options, std::uint32_t batch,
                                 std::uint64_t cells) {
  const test::TemporaryFolder folder(options.folder);
  test::TestCoordinator coordinator(folder.path() / "data");
  if (!coordinator.start()) return std::nullopt;
  zmq::context_t context(2);
  const auto workers =
      start_workers(context, coordinator.endpoints().worker, options.workers, batch);
  test::TestClient client(context, coordinator.endpoints().client);
  const bool all_here = client.status_until(kPatience, [&](const v1::StatusReply& status) {
    return status.workers_connected() == options.workers;
  });
  const double used_before = processor_seconds(coordinator.pid());
  const auto submitted = client.submit(a_sweep(cells, "bench-model"), "");
  if (!all_here || !submitted || !submitted->has_submitted()) {
    fmt::print(stderr, "{}\n", submitted ? submitted->error().ShortDebugString() : "no answer");
    return std::nullopt;
  }
  const auto job = client.watch_until(std::to_string(submitted->submitted().job().id()), kPatience,
                                      test::is_terminal);
  if (!job || job->cells().done() != cells) return std::nullopt;
  const double used = processor_seconds(coordinator.pid()) - used_before;
  const auto count = static_cast<double>(cells);
  return Run{count / seconds_of(*job), used / count * 1e6};
}

}  // namespace

int bench_dispatch(const BenchOptions& options) {
  for (const auto batch : options.batches) {
    const auto cells = options.cells != 0
                           ? options.cells
                           : std::min(kCellsPerBatchSize * batch + 10'000, kMostCells);
    Series rates;
    Series costs;
    for (int run = 0; run < options.runs; ++run) {
      const auto measured = dispatch_once(options, batch, cells);
      if (!measured) {
        fmt::print(stderr, "a run with batch {} failed\n", batch);
        return 1;
      }
      rates.add(measured->cells_per_second);
      costs.add(measured->coordinator_us_per_cell);
    }
    fmt::print(
        "dispatch workers={} batch={} cells={}: median {:.0f} cells/s (of {}: {:.0f}…{:.0f}), "
        "coordinator {:.1f} µs of processor a cell ({})\n",
        options.workers, batch, cells, rates.median(), rates.size(), rates.lowest(),
        rates.highest(), costs.median(), machine_load());
  }
  return 0;
}

}  // namespace furrow::bench
