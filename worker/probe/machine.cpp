#include "worker/probe/machine.h"

#include <algorithm>
#include <array>

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/config/paths.h"
#include "worker/probe/bandwidth.h"
#include "worker/probe/drm_source.h"
#include "worker/probe/nvml_source.h"

namespace furrow::worker::probe {

namespace {

/// CPUs the scheduler may run this process on; 0 when it does not say.
int allowed_cpus() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  return ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 0;
}

void read_gpus(Machine& machine, const std::filesystem::path& root) {
  for (const auto& source : gpu_sources(root)) {
    auto gpus = source->read();
    if (!gpus) {
      machine.gpu_faults.push_back(gpus.error().message);
      continue;
    }
    for (auto& gpu : *gpus) {
      // A card that a vendor's own interface told of is not told of again.
      const bool is_known =
          std::any_of(machine.gpus.begin(), machine.gpus.end(), [&gpu](const Gpu& known) {
            return known.vendor == gpu.vendor && !known.device.empty() && gpu.device.empty();
          });
      if (!is_known) machine.gpus.push_back(std::move(gpu));
    }
  }
}

}  // namespace

std::vector<std::unique_ptr<GpuSource>> gpu_sources(const std::filesystem::path& root) {
  std::vector<std::unique_ptr<GpuSource>> sources;
  sources.push_back(std::make_unique<NvmlSource>());
  sources.push_back(std::make_unique<DrmSource>(root));
  return sources;
}

std::vector<std::string> default_devices(const std::vector<Gpu>& gpus) {
  for (const char* kind : {"cuda:", "rocm:", "xpu:"}) {
    std::vector<std::string> devices;
    for (const auto& gpu : gpus) {
      if (gpu.device.starts_with(kind)) devices.push_back(gpu.device);
    }
    if (!devices.empty()) return devices;
  }
  return {"cpu"};
}

Machine probe_machine(const ProbeOptions& options) {
  Machine machine;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) machine.host = host.data();
  utsname system{};
  if (::uname(&system) == 0) machine.kernel = std::string(system.sysname) + " " + system.release;
  machine.cpu = read_cpu(options.root);
  if (const int allowed = allowed_cpus(); allowed > 0) {
    machine.cpu.usable_threads = std::min(machine.cpu.threads, allowed);
  }
  machine.memory = read_memory(options.root);
  machine.limits = read_limits(options.root);
  machine.numa = read_numa(options.root);
  read_gpus(machine, options.root);
  machine.devices = default_devices(machine.gpus);
  machine.disk = read_disk(options.data);
  if (options.measure) {
    const auto free = std::min(machine.memory.available_bytes,
                               machine.limits.memory_bytes.value_or(machine.memory.total_bytes));
    machine.copy_bytes_per_second = measure_copy_bandwidth(machine.cpu.usable_threads, free);
  }
  machine.models = model::scan_models(config::model_folders(options.data),
                                      options.data / "worker" / "models.json");
  return machine;
}

}  // namespace furrow::worker::probe
