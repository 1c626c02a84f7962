// The functions and structures below are NVML's published interface
// (docs.nvidia.com/deploy/nvml-api), declared here so that no NVIDIA package is needed to build.

#include "worker/probe/nvml_source.h"

#include <array>
#include <memory>
#include <utility>

#include <dlfcn.h>

namespace furrow::worker::probe {

namespace {

using NvmlReturn = int;
using NvmlDevice = void*;

constexpr NvmlReturn kSuccess = 0;

struct NvmlMemory {
  unsigned long long total = 0;
  unsigned long long free = 0;
  unsigned long long used = 0;
};

struct NvmlPciInfo {
  char bus_id_legacy[16]{};
  unsigned int domain = 0;
  unsigned int bus = 0;
  unsigned int device = 0;
  unsigned int pci_device_id = 0;
  unsigned int pci_subsystem_id = 0;
  char bus_id[32]{};
};

struct CloseLibrary {
  void operator()(void* library) const { ::dlclose(library); }
};

/// The functions in use. Requires of each: it is there, or the driver is too old.
struct Nvml {
  NvmlReturn (*init)() = nullptr;
  NvmlReturn (*shutdown)() = nullptr;
  NvmlReturn (*driver_version)(char*, unsigned int) = nullptr;
  NvmlReturn (*count)(unsigned int*) = nullptr;
  NvmlReturn (*handle)(unsigned int, NvmlDevice*) = nullptr;
  NvmlReturn (*name)(NvmlDevice, char*, unsigned int) = nullptr;
  NvmlReturn (*uuid)(NvmlDevice, char*, unsigned int) = nullptr;
  NvmlReturn (*memory)(NvmlDevice, NvmlMemory*) = nullptr;
  NvmlReturn (*capability)(NvmlDevice, int*, int*) = nullptr;
  NvmlReturn (*pci)(NvmlDevice, NvmlPciInfo*) = nullptr;

  template <typename Function>
  static bool load(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
  }

  bool load_all(void* library) {
    return load(library, "nvmlInit_v2", init) && load(library, "nvmlShutdown", shutdown) &&
           load(library, "nvmlSystemGetDriverVersion", driver_version) &&
           load(library, "nvmlDeviceGetCount_v2", count) &&
           load(library, "nvmlDeviceGetHandleByIndex_v2", handle) &&
           load(library, "nvmlDeviceGetName", name) && load(library, "nvmlDeviceGetUUID", uuid) &&
           load(library, "nvmlDeviceGetMemoryInfo", memory) &&
           load(library, "nvmlDeviceGetCudaComputeCapability", capability) &&
           load(library, "nvmlDeviceGetPciInfo_v3", pci);
  }
};

template <typename Call>
std::string text_of(const Call& call) {
  std::array<char, 128> buffer{};
  return call(buffer.data(), static_cast<unsigned int>(buffer.size())) == kSuccess ? buffer.data()
                                                                                   : "";
}

Gpu read_gpu(const Nvml& nvml, NvmlDevice device, unsigned int index, const std::string& driver) {
  Gpu gpu;
  gpu.vendor = "NVIDIA";
  gpu.driver = driver;
  gpu.device = "cuda:" + std::to_string(index);
  gpu.name = text_of([&](char* text, unsigned int size) { return nvml.name(device, text, size); });
  gpu.uuid = text_of([&](char* text, unsigned int size) { return nvml.uuid(device, text, size); });
  NvmlMemory memory;
  if (nvml.memory(device, &memory) == kSuccess) {
    gpu.memory_bytes = memory.total;
    gpu.free_memory_bytes = memory.free;
  }
  int major = 0;
  int minor = 0;
  if (nvml.capability(device, &major, &minor) == kSuccess) {
    gpu.capability = std::to_string(major) + "." + std::to_string(minor);
  }
  NvmlPciInfo pci;
  if (nvml.pci(device, &pci) == kSuccess) gpu.address = pci.bus_id;
  return gpu;
}

}  // namespace

Result<std::vector<Gpu>> NvmlSource::read() {
  const std::unique_ptr<void, CloseLibrary> library(
      ::dlopen(library_.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) return std::vector<Gpu>();
  Nvml nvml;
  if (!nvml.load_all(library.get())) {
    return fail(ErrorKind::Io, library_ + " lacks functions of NVML: the NVIDIA driver is too old");
  }
  if (const auto code = nvml.init(); code != kSuccess) {
    return fail(ErrorKind::Io, "the NVIDIA driver does not answer (NVML error " +
                                   std::to_string(code) + "); nvidia-smi may say why");
  }
  const auto driver = text_of(nvml.driver_version);
  unsigned int count = 0;
  nvml.count(&count);
  std::vector<Gpu> gpus;
  for (unsigned int i = 0; i < count; ++i) {
    NvmlDevice device = nullptr;
    if (nvml.handle(i, &device) == kSuccess) gpus.push_back(read_gpu(nvml, device, i, driver));
  }
  nvml.shutdown();
  return gpus;
}

}  // namespace furrow::worker::probe
