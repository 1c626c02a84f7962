#include <set>
#include <sstream>
#include <utility>

#include <sys/utsname.h>

#include "worker/probe/machine.h"
#include "worker/probe/system_files.h"

namespace furrow::worker::probe {

namespace {

/// What matrix products and their low-precision forms are made of, on x86 and Arm; the kernel's
/// names.
constexpr const char* kFeatures[] = {
    "avx",      "f16c",        "fma",         "avx2",        "avx_vnni", "avx512f",
    "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16",
    "amx_int8", "amx_fp16",    "asimd",       "asimdhp",     "asimddp",  "bf16",
    "i8mm",     "sve",         "sve2",        "sme"};

std::vector<std::string> features_in(const std::string& cpuinfo) {
  std::istringstream words(field(cpuinfo, "flags") + " " + field(cpuinfo, "Features"));
  std::set<std::string> present;
  for (std::string word; words >> word;) present.insert(std::move(word));
  std::vector<std::string> features;
  for (const char* feature : kFeatures) {
    if (present.contains(feature)) features.emplace_back(feature);
  }
  return features;
}

std::string model_in(const std::string& cpuinfo, const std::filesystem::path& root) {
  auto model = field(cpuinfo, "model name");
  if (model.empty()) model = read_text(root / "proc/device-tree/model");
  while (!model.empty() && model.back() == '\0') model.pop_back();
  return model.empty() ? "unknown" : model;
}

}  // namespace

Cpu read_cpu(const std::filesystem::path& root) {
  const auto cpuinfo = read_text(root / "proc/cpuinfo");
  const auto folder = root / "sys/devices/system/cpu";
  Cpu cpu;
  cpu.model = model_in(cpuinfo, root);
  cpu.features = features_in(cpuinfo);
  utsname system{};
  if (::uname(&system) == 0) cpu.architecture = system.machine;
  std::set<std::uint64_t> sockets;
  std::set<std::pair<std::uint64_t, std::uint64_t>> cores;
  for (const int id : parse_cpu_list(read_text(folder / "online"))) {
    const auto topology = folder / ("cpu" + std::to_string(id)) / "topology";
    const auto socket = read_number(topology / "physical_package_id").value_or(0);
    const auto core = read_number(topology / "core_id").value_or(static_cast<std::uint64_t>(id));
    sockets.insert(socket);
    cores.emplace(socket, core);
    ++cpu.threads;
  }
  cpu.sockets = static_cast<int>(sockets.size());
  cpu.cores = static_cast<int>(cores.size());
  cpu.usable_threads = cpu.threads;
  return cpu;
}

}  // namespace furrow::worker::probe
