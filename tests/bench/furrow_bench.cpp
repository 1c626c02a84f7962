// furrow-bench: the farm's figures. Every line can be run again by hand; ops/bench/README.md keeps
// results.

#include "tests/bench/furrow_bench.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <utility>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "common/base/files.h"
#include "tests/bench/measure.h"

namespace furrow::bench {
namespace {

namespace po = boost::program_options;

struct Benchmark {
  const char* name;
  const char* about;
  int (*run)(const BenchOptions&);
};

constexpr Benchmark kBenchmarks[] = {
    {"dispatch", "cells/s, workers that render nothing, synchronous=FULL", bench_dispatch},
    {"submit", "wall time and database bytes of a 1,000,000-cell submit", bench_submit},
    {"status", "wall time of `furrow status` with that job queued", bench_status},
    {"rss", "the coordinator's memory with that job queued", bench_rss},
    {"startup", "start-up time of every program", bench_startup},
    {"demo", "the 36-cell demo sweep: engine seconds against wall seconds", bench_demo},
};

po::options_description flags(BenchOptions& options) {
  po::options_description all("Options");
  all.add_options()                  //
      ("help,h", "print this text")  //
      ("folder", po::value(&options.folder)->value_name("DIR"),
       "make data folders here (default: beside the programs); it should be on a real disk")  //
      ("runs", po::value(&options.runs)->value_name("N"), "runs to take the median of (5)")   //
      ("cells", po::value(&options.cells)->value_name("N"), "cells of the job")               //
      ("workers", po::value(&options.workers)->value_name("N"), "dispatch: workers (8)")      //
      ("batch", po::value(&options.batches)->multitoken()->value_name("N…"),
       "dispatch: cells a batch (1 16 64)")  //
      ("engine", po::value(&options.engine)->value_name("COMMAND"),
       "demo: the worker's engine instead of its default");
  return all;
}

void print_help(const po::options_description& all) {
  std::cout << "Usage: furrow-bench BENCHMARK [options] [-- COMMAND…]\n\n";
  for (const auto& benchmark : kBenchmarks) {
    std::cout << fmt::format("  {:10} {}\n", benchmark.name, benchmark.about);
  }
  std::cout << "\nCOMMAND is measured instead of the furrow command (submit, status).\n\n" << all;
}

int run(std::vector<std::string> words) {
  BenchOptions options;
  options.folder = program_folder().string();
  const auto separator = std::find(words.begin(), words.end(), "--");
  if (separator != words.end()) options.command.assign(separator + 1, words.end());
  words.erase(separator, words.end());
  const std::string name = words.empty() ? "" : words.front();
  if (!words.empty()) words.erase(words.begin());

  const auto all = flags(options);
  po::variables_map values;
  po::store(po::command_line_parser(words).options(all).run(), values);
  po::notify(values);
  for (const auto& benchmark : kBenchmarks) {
    if (name != benchmark.name || values.count("help") != 0) continue;
    std::cout << fmt::format("# furrow-bench {} on {}\n", name, machine_load()) << std::flush;
    return benchmark.run(options);
  }
  print_help(all);
  return values.count("help") != 0 || name == "--help" || name == "-h" ? EXIT_SUCCESS : 2;
}

}  // namespace
}  // namespace furrow::bench

int main(int argc, char** argv) {
  try {
    return furrow::bench::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "furrow-bench: " << error.what() << "\n";
    return 2;
  }
}
