#include "worker/probe/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "common/base/digest.h"

namespace furrow::worker::probe {

namespace {

using nlohmann::ordered_json;

constexpr double kGib = 1024.0 * 1024.0 * 1024.0;
constexpr std::size_t kShortHash = 12;

std::string gib(std::uint64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / kGib);
}

std::string hash_of(const v1::ModelOnDisk& model) {
  const auto digest = Digest::from_raw(model.model().hash());
  return digest ? digest->hex() : std::string();
}

ordered_json json_of(const Gpu& gpu) {
  return {{"vendor", gpu.vendor},
          {"name", gpu.name},
          {"device", gpu.device.empty() ? ordered_json() : ordered_json(gpu.device)},
          {"note", gpu.note},
          {"address", gpu.address},
          {"uuid", gpu.uuid},
          {"driver", gpu.driver},
          {"capability", gpu.capability},
          {"memory_bytes", gpu.memory_bytes},
          {"free_memory_bytes", gpu.free_memory_bytes}};
}

ordered_json json_of(const model::FoundModel& found) {
  const auto& model = found.description;
  return {{"name", model.model().name()},
          {"hash", hash_of(model)},
          {"family", model.family()},
          {"default_size", model.default_size()},
          {"vae_factor", model.vae_factor()},
          {"vae_only", model.vae_only()},
          {"kind", model.kind()},
          {"path", found.path.string()}};
}

template <typename T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

/// Lines of "label  text", the label only on the first of several.
class Page {
 public:
  void add(std::string_view label, std::string_view text) {
    page_ += fmt::format("{:<14}{}\n", label, text);
  }

  std::string take() { return std::move(page_); }

 private:
  std::string page_;
};

std::string describe(const Gpu& gpu) {
  std::string text = fmt::format("{} {}", gpu.vendor, gpu.name);
  if (!gpu.capability.empty()) text += fmt::format(", {}", gpu.capability);
  if (gpu.memory_bytes > 0) {
    text += fmt::format(", {} ({} free)", gib(gpu.memory_bytes), gib(gpu.free_memory_bytes));
  }
  if (!gpu.driver.empty()) text += fmt::format(", driver {}", gpu.driver);
  return text + (gpu.device.empty() ? fmt::format(" — not used: {}", gpu.note)
                                    : fmt::format(" — {}", gpu.device));
}

std::string describe(const Limits& limits) {
  if (limits.hierarchy.empty()) return "no control group found";
  return fmt::format("{}, {} (control group {})",
                     limits.cpus ? fmt::format("{:.2f} CPUs", *limits.cpus) : "all CPUs",
                     limits.memory_bytes ? gib(*limits.memory_bytes) : "all memory",
                     limits.hierarchy);
}

}  // namespace

std::string to_json(const Machine& machine) {
  const auto& cpu = machine.cpu;
  ordered_json json = {{"schema", "furrow.probe/1"},
                       {"host", machine.host},
                       {"kernel", machine.kernel},
                       {"cpu",
                        {{"model", cpu.model},
                         {"architecture", cpu.architecture},
                         {"sockets", cpu.sockets},
                         {"cores", cpu.cores},
                         {"threads", cpu.threads},
                         {"usable_threads", cpu.usable_threads},
                         {"features", cpu.features}}},
                       {"memory",
                        {{"total_bytes", machine.memory.total_bytes},
                         {"available_bytes", machine.memory.available_bytes},
                         {"copy_bytes_per_second", or_null(machine.copy_bytes_per_second)}}},
                       {"limits",
                        {{"cgroup", machine.limits.hierarchy},
                         {"cpus", or_null(machine.limits.cpus)},
                         {"memory_bytes", or_null(machine.limits.memory_bytes)}}},
                       {"numa", ordered_json::array()},
                       {"gpus", ordered_json::array()},
                       {"gpu_faults", machine.gpu_faults},
                       {"devices", machine.devices},
                       {"disk",
                        {{"path", machine.disk.path.string()},
                         {"total_bytes", machine.disk.total_bytes},
                         {"free_bytes", machine.disk.free_bytes}}},
                       {"models", ordered_json::array()},
                       {"broken_models", ordered_json::array()}};
  for (const auto& node : machine.numa) {
    json["numa"].push_back(
        {{"node", node.id}, {"cpus", node.cpus}, {"memory_bytes", node.memory_bytes}});
  }
  for (const auto& gpu : machine.gpus) json["gpus"].push_back(json_of(gpu));
  for (const auto& found : machine.models.models) json["models"].push_back(json_of(found));
  for (const auto& broken : machine.models.broken) {
    json["broken_models"].push_back({{"path", broken.path.string()}, {"reason", broken.reason}});
  }
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string to_page(const Machine& machine) {
  const auto& cpu = machine.cpu;
  Page page;
  page.add("host", fmt::format("{}, {} {}", machine.host, machine.kernel, cpu.architecture));
  page.add("cpu", cpu.model);
  page.add("",
           fmt::format("{} socket{}, {} cores, {} threads, {} usable", cpu.sockets,
                       cpu.sockets == 1 ? "" : "s", cpu.cores, cpu.threads, cpu.usable_threads));
  page.add("", cpu.features.empty() ? "no vector extensions known"
                                    : fmt::format("{}", fmt::join(cpu.features, " ")));
  page.add("memory", fmt::format("{}, {} available", gib(machine.memory.total_bytes),
                                 gib(machine.memory.available_bytes)));
  if (machine.copy_bytes_per_second) {
    page.add("", fmt::format("{:.1f} GB/s copied (read + written, {} threads, measured)",
                             *machine.copy_bytes_per_second / 1e9, cpu.usable_threads));
  }
  page.add("limits", describe(machine.limits));
  for (const auto& node : machine.numa) {
    page.add(node.id == machine.numa.front().id ? "numa" : "",
             fmt::format("node {}: CPUs {}, {}", node.id, node.cpus, gib(node.memory_bytes)));
  }
  const char* label = "gpu";
  for (const auto& gpu : machine.gpus) page.add(std::exchange(label, ""), describe(gpu));
  for (const auto& fault : machine.gpu_faults) page.add(std::exchange(label, ""), fault);
  if (*label != '\0') page.add("gpu", "none found");
  page.add("engines on", fmt::format("{}", fmt::join(machine.devices, ", ")));
  page.add("disk", fmt::format("{} free of {} at {}", gib(machine.disk.free_bytes),
                               gib(machine.disk.total_bytes), machine.disk.path.string()));
  label = "models";
  for (const auto& found : machine.models.models) {
    const auto size = found.description.default_size();
    page.add(std::exchange(label, ""),
             fmt::format("{} ({}{}) {}  {}", found.description.model().name(),
                         model::phrase_of(found.traits),
                         size == 0 ? std::string() : fmt::format(", {} px", size),
                         hash_of(found.description).substr(0, kShortHash), found.path.string()));
  }
  for (const auto& broken : machine.models.broken) {
    page.add(std::exchange(label, ""), broken.reason);
  }
  if (*label != '\0') page.add("models", "none found");
  return page.take();
}

}  // namespace furrow::worker::probe
