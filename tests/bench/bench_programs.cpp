// What people feel: the commands' wall times and the coordinator's memory with a huge job queued,
// start-up times, and the demo sweep.

#include <array>
#include <filesystem>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <zmq.hpp>

#include "tests/bench/furrow_bench.h"
#include "tests/bench/measure.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_client.h"
#include "tests/support/test_coordinator.h"

namespace furrow::bench {

namespace {

constexpr std::uint64_t kHugeJob = 1'000'000;
constexpr double kMebibyte = 1 << 20;
constexpr std::chrono::minutes kPatience{10};

/// A coordinator on a new data folder, and the environment in which commands find it.
class Farm {
 public:
  explicit Farm(const BenchOptions& options)
      : folder_(options.folder), coordinator_(folder_.path() / "data") {}

  bool start() { return coordinator_.start(); }

  test::TestCoordinator& coordinator() { return coordinator_; }

  std::map<std::string, std::string> environment() const {
    return {{"FURROW_DATA", coordinator_.data().string()}, {"FURROW_COORDINATOR", ""}};
  }

 private:
  test::TemporaryFolder folder_;
  test::TestCoordinator coordinator_;
};

std::vector<std::string> submit_command(const BenchOptions& options) {
  if (!options.command.empty()) return options.command;
  const auto cells = options.cells != 0 ? options.cells : kHugeJob;
  return {test::program("furrow").string(), "submit", "--prompt", "a cat face", "-x",
          fmt::format("Seed: 1-{}", cells)};
}

/// A farm with the huge job queued, or nothing.
std::unique_ptr<Farm> farm_with_huge_job(const BenchOptions& options) {
  auto farm = std::make_unique<Farm>(options);
  BenchOptions by_default = options;
  by_default.command.clear();
  if (!farm->start() || !time_command(submit_command(by_default), farm->environment())) {
    fmt::print(stderr, "the job could not be queued\n");
    return nullptr;
  }
  return farm;
}

void print_times(const std::string& what, const Series& seconds) {
  fmt::print("{}: median {:.1f} ms (of {}: {:.1f}…{:.1f}; {})\n", what, seconds.median() * 1e3,
             seconds.size(), seconds.lowest() * 1e3, seconds.highest() * 1e3, machine_load());
}

/// The database with its write-ahead log. The log keeps its size once grown, so the growth of a
/// first submit may include room that later ones use.
std::uint64_t database_bytes(const test::TestCoordinator& coordinator) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(coordinator.data())) {
    const auto name = entry.path().filename().string();
    if (name == "furrow.db" || name == "furrow.db-wal") bytes += entry.file_size();
  }
  return bytes;
}

}  // namespace

int bench_submit(const BenchOptions& options) {
  Series seconds;
  Series bytes;
  Farm farm(options);
  if (!farm.start()) return 1;
  for (int run = 0; run < options.runs; ++run) {
    const auto before = database_bytes(farm.coordinator());
    const auto wall = time_command(submit_command(options), farm.environment());
    if (!wall) {
      fmt::print(stderr, "the command failed: {}\n", fmt::join(submit_command(options), " "));
      return 1;
    }
    seconds.add(*wall);
    bytes.add(static_cast<double>(database_bytes(farm.coordinator()) - before));
  }
  print_times("submit wall", seconds);
  fmt::print("submit database bytes: highest {:.0f}, median {:.0f}\n", bytes.highest(),
             bytes.median());
  return 0;
}

int bench_status(const BenchOptions& options) {
  const auto farm = farm_with_huge_job(options);
  if (!farm) return 1;
  const auto command = options.command.empty()
                           ? std::vector<std::string>{test::program("furrow").string(), "status"}
                           : options.command;
  Series seconds;
  for (int run = 0; run < 4 * options.runs; ++run) {
    const auto wall = time_command(command, farm->environment());
    if (!wall) {
      fmt::print(stderr, "the command failed: {}\n", fmt::join(command, " "));
      return 1;
    }
    seconds.add(*wall);
  }
  print_times("status wall", seconds);
  return 0;
}

int bench_rss(const BenchOptions& options) {
  const auto farm = farm_with_huge_job(options);
  if (!farm) return 1;
  const auto bytes = static_cast<double>(resident_bytes(farm->coordinator().pid()));
  fmt::print("coordinator resident with the job queued: {:.1f} MiB ({})\n", bytes / kMebibyte,
             machine_load());
  return 0;
}

int bench_startup(const BenchOptions& options) {
  constexpr std::array kPrograms{"furrow", "furrow-coordinator", "furrow-worker",
                                 "furrow-engine-sim"};
  for (const std::string name : kPrograms) {
    if (!std::filesystem::exists(test::program(name))) continue;
    const auto word = name == "furrow" ? "version" : "--version";
    Series seconds;
    for (int run = 0; run < 4 * options.runs; ++run) {
      if (const auto wall = time_command({name, word}, {})) seconds.add(*wall);
    }
    print_times("startup " + name, seconds);
  }
  return 0;
}

int bench_demo(const BenchOptions& options) {
  Farm farm(options);
  if (!farm.start()) return 1;
  std::vector<std::string> worker{"furrow-worker", "start", "--data",
                                  farm.coordinator().data().string()};
  if (!options.engine.empty()) worker.insert(worker.end(), {"--engine", options.engine});
  const test::ChildProcess agent(worker, {{}, farm.coordinator().data() / "worker.log"});
  zmq::context_t context;
  test::TestClient client(context, farm.coordinator().endpoints().client);
  const bool is_ready = client.status_until(
      kPatience, [](const v1::StatusReply& status) { return status.workers_connected() == 1; });
  if (!is_ready) return 1;
  Series overheads;
  for (int run = 0; run < options.runs; ++run) {
    v1::JobSpec spec;
    auto& base = *spec.mutable_base();
    base.set_prompt("a cat face");
    base.set_steps(20);
    base.set_width(128);
    base.set_height(128);
    base.set_sampler("Euler a");
    // Other seeds each time: what was rendered before would not be rendered again.
    const std::array<std::pair<const char*, std::string>, 3> axes{
        {{"Prompt S/R", "cat face, dog face, rocket"},
         {"CFG scale", "5, 7, 9"},
         {"Seed", fmt::format("{}-{}", 4 * run + 1, 4 * run + 4)}}};
    for (const auto& [label, text] : axes) {
      spec.add_axes()->set_label(label);
      spec.mutable_axes(spec.axes_size() - 1)->set_text(text);
    }
    const Stopwatch watch;
    const auto submitted = client.submit(spec, "");
    if (!submitted || !submitted->has_submitted()) return 1;
    const auto job = client.watch_until(std::to_string(submitted->submitted().job().id()),
                                        kPatience, test::is_terminal);
    const double wall = watch.seconds();
    if (!job || job->state() != v1::JOB_STATE_DONE) return 1;
    const double overhead = wall / job->render_seconds() - 1;
    overheads.add(overhead);
    fmt::print("demo run {}: {} cells, engine {:.2f} s, wall {:.2f} s, overhead {:.1f} % ({})\n",
               run + 1, job->cells().done(), job->render_seconds(), wall, overhead * 100,
               machine_load());
  }
  fmt::print("demo overhead: median {:.1f} %\n", overheads.median() * 100);
  return 0;
}

}  // namespace furrow::bench
