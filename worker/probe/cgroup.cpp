// Limits of control groups, both generations: kernel documentation admin-guide/cgroup-v2.rst and
// cgroup-v1/.

#include <algorithm>
#include <functional>
#include <sstream>

#include "worker/probe/machine.h"
#include "worker/probe/system_files.h"

namespace furrow::worker::probe {

namespace {

namespace fs = std::filesystem;

/// Version 1 says "no limit" as the largest multiple of a page.
constexpr std::uint64_t kNoLimitV1 = 1ULL << 60;

/// A group and its parents up to the hierarchy's root. In a container the group's path may lie
/// outside of what is mounted; then only the root is there to be read.
std::vector<fs::path> group_and_parents(const fs::path& hierarchy, const std::string& group) {
  std::vector<fs::path> folders{hierarchy};
  fs::path folder = hierarchy;
  for (const auto& part : fs::path(group).relative_path()) {
    folder /= part;
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) break;
    folders.push_back(folder);
  }
  return folders;
}

template <typename T>
void tighten(std::optional<T>& limit, std::optional<T> other) {
  if (other) limit = limit ? std::min(*limit, *other) : *other;
}

/// "200000 100000" or "max 100000".
std::optional<double> cpus_v2(const std::string& text) {
  std::istringstream words(text);
  double quota = 0;
  double period = 0;
  if (!(words >> quota >> period) || period <= 0) return std::nullopt;
  return quota / period;
}

std::optional<double> cpus_v1(const fs::path& folder) {
  const auto quota = read_number(folder / "cpu.cfs_quota_us");  // -1, no number here: no limit
  const auto period = read_number(folder / "cpu.cfs_period_us");
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<std::uint64_t> memory_v1(const fs::path& folder) {
  const auto bytes = read_number(folder / "memory.limit_in_bytes");
  return bytes && *bytes < kNoLimitV1 ? bytes : std::nullopt;
}

/// The group of this process in the hierarchy whose line of /proc/self/cgroup has `controller`
/// among its names; the version 2 hierarchy has none.
std::string group_of(const std::string& cgroups, std::string_view controller) {
  for (const auto& line : split_lines(cgroups)) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::istringstream names(line.substr(first + 1, second - first - 1));
    std::string name;
    bool found = controller.empty() && second == first + 1;
    while (std::getline(names, name, ',')) found = found || name == controller;
    if (found) return line.substr(second + 1);
  }
  return "/";
}

}  // namespace

Limits read_limits(const fs::path& root) {
  const auto mount = root / "sys/fs/cgroup";
  const auto cgroups = read_text(root / "proc/self/cgroup");
  Limits limits;
  std::error_code ignored;
  if (fs::exists(mount / "cgroup.controllers", ignored)) {
    limits.hierarchy = "v2";
    for (const auto& folder : group_and_parents(mount, group_of(cgroups, ""))) {
      tighten(limits.cpus, cpus_v2(read_text(folder / "cpu.max")));
      tighten(limits.memory_bytes, read_number(folder / "memory.max"));
    }
    return limits;
  }
  if (fs::is_directory(mount / "memory", ignored)) {
    limits.hierarchy = "v1";
    for (const auto& folder : group_and_parents(mount / "memory", group_of(cgroups, "memory"))) {
      tighten(limits.memory_bytes, memory_v1(folder));
    }
    for (const auto& folder : group_and_parents(mount / "cpu", group_of(cgroups, "cpu"))) {
      tighten(limits.cpus, cpus_v1(folder));
    }
  }
  return limits;
}

}  // namespace furrow::worker::probe
