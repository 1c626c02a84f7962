#include <system_error>

#include "worker/probe/machine.h"
#include "worker/probe/system_files.h"

namespace furrow::worker::probe {

namespace {

/// "16303428 kB" in bytes.
std::uint64_t kilobytes(std::string text) {
  if (const auto unit = text.find(" kB"); unit != std::string::npos) text.resize(unit);
  return parse_number(text).value_or(0) << 10;
}

}  // namespace

Memory read_memory(const std::filesystem::path& root) {
  const auto meminfo = read_text(root / "proc/meminfo");
  return {kilobytes(field(meminfo, "MemTotal")), kilobytes(field(meminfo, "MemAvailable"))};
}

std::vector<NumaNode> read_numa(const std::filesystem::path& root) {
  std::vector<NumaNode> nodes;
  const auto folder = root / "sys/devices/system/node";
  for (const int id : parse_cpu_list(read_text(folder / "online"))) {
    const auto prefix = "Node " + std::to_string(id) + " MemTotal";
    const auto node = folder / ("node" + std::to_string(id));
    nodes.push_back(
        {id, read_text(node / "cpulist"), kilobytes(field(read_text(node / "meminfo"), prefix))});
  }
  return nodes;
}

Disk read_disk(const std::filesystem::path& path) {
  std::error_code failed;
  auto existing = std::filesystem::absolute(path, failed);
  while (!std::filesystem::exists(existing, failed) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  const auto space = std::filesystem::space(existing, failed);
  if (failed) return {path, 0, 0};
  return {path, space.capacity, space.available};
}

}  // namespace furrow::worker::probe
