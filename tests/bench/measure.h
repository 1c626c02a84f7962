#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace furrow::bench {

/// Times or rates of repeated runs.
class Series {
 public:
  void add(double value) { values_.push_back(value); }

  double median() const;
  double lowest() const;
  double highest() const;

  std::size_t size() const { return values_.size(); }

 private:
  std::vector<double> values_;
};

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// "2 cores, load 0.31": what a figure has to be read with.
std::string machine_load();

/// Memory in use by a process, in bytes.
std::uint64_t resident_bytes(pid_t pid);

/// Processor time that a process has used, user and system, in seconds. Says what the work costs
/// whatever else the machine does.
double processor_seconds(pid_t pid);

/// All files under a folder, together, in bytes.
std::uint64_t folder_bytes(const std::filesystem::path& folder);

/// Runs a command to its end, output thrown away. Nothing: it failed.
std::optional<double> time_command(const std::vector<std::string>& command,
                                   const std::map<std::string, std::string>& environment);

}  // namespace furrow::bench
