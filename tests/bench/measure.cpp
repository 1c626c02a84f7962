#include "tests/bench/measure.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "tests/support/child_process.h"

namespace furrow::bench {

double Series::median() const {
  if (values_.empty()) return 0;
  auto sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Series::lowest() const {
  return values_.empty() ? 0 : *std::min_element(values_.begin(), values_.end());
}

double Series::highest() const {
  return values_.empty() ? 0 : *std::max_element(values_.begin(), values_.end());
}

std::string machine_load() {
  double load = 0;
  ::getloadavg(&load, 1);
  return fmt::format("{} cores, load {:.2f}", std::thread::hardware_concurrency(), load);
}

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

double processor_seconds(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  std::getline(file, stat);
  // utime and stime are the 14th and 15th words; the second is a name that may hold spaces.
  std::istringstream words(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) words >> skipped;
  double user = 0;
  double system = 0;
  words >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t folder_bytes(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

std::optional<double> time_command(const std::vector<std::string>& command,
                                   const std::map<std::string, std::string>& environment) {
  const Stopwatch watch;
  test::ChildProcess process(command, {environment, {}});
  const auto ending = process.wait_for_end(std::chrono::minutes(10));
  const double seconds = watch.seconds();
  if (!ending || ending->exit_code != 0) return std::nullopt;
  return seconds;
}

}  // namespace furrow::bench
