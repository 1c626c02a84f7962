#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace furrow::bench {

struct BenchOptions {
  std::string folder;       ///< where data folders are made: the disk that is measured
  int runs = 5;             ///< medians are over so many
  std::uint64_t cells = 0;  ///< 0: the benchmark's own number
  std::uint32_t workers = 8;
  std::vector<std::uint32_t> batches{1, 16, 64};
  std::string engine;                ///< of a real worker; empty: its default
  std::vector<std::string> command;  ///< measured instead of the default one
};

// Each prints its figures and returns an exit code.

/// Cells a second through real sockets and SQLite with synchronous=FULL, by workers that render
/// nothing.
int bench_dispatch(const BenchOptions& options);
/// Wall time of queueing a huge job from the command line, and what it costs on disk.
int bench_submit(const BenchOptions& options);
/// Wall time of `furrow status` with a huge job queued.
int bench_status(const BenchOptions& options);
/// Memory of a coordinator with a huge job queued.
int bench_rss(const BenchOptions& options);
/// How long each program takes to say its version.
int bench_startup(const BenchOptions& options);
/// The sweep of ops/demo: engine seconds against wall seconds.
int bench_demo(const BenchOptions& options);

}  // namespace furrow::bench
