#include "worker/engine/device.h"

#include <fstream>
#include <string_view>

#include <ATen/Context.h>
#include <fmt/format.h>
#include <torch/version.h>
#include <unistd.h>

#include "worker/engine/failure.h"

namespace furrow::engine {

namespace {

std::string processor_name() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != line.npos) return line.substr(colon + 2);
  }
  return "CPU";
}

std::uint64_t machine_memory_bytes() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

Result<at::Device> parse_device(const std::string& text) {
  try {
    return at::Device(text);
  } catch (const std::exception&) {
    return fail(ErrorKind::Invalid,
                fmt::format("--device {}: that is no device. Use cpu or cuda:0.", text));
  }
}

Result<at::ScalarType> choose_dtype(const std::string& precision, at::Device device) {
  if (precision == "fp32") return at::kFloat;
  if (precision == "bf16") return at::kBFloat16;
  if (precision != "auto")
    return fail(ErrorKind::Invalid,
                fmt::format("--precision {}: use fp32, bf16 or auto.", precision));
  // On the CPUs measured so far libtorch's bf16 convolutions are slower than its fp32 ones
  // (ops/bench/README.md), so a CPU stays with fp32.
  return device.is_cpu() ? at::kFloat : at::kBFloat16;
}

}  // namespace

std::string Device::id() const {
  return device.str();
}

std::string Device::precision() const {
  return dtype == at::kBFloat16 ? "bf16" : "fp32";
}

Result<Device> open_device(const std::string& device, const std::string& precision) {
  FURROW_TRY(const at::Device parsed, parse_device(device));
  if (!parsed.is_cpu() && !(parsed.is_cuda() && at::hasCUDA()))
    return fail(ErrorKind::NotFound,
                fmt::format("--device {}: this engine's libtorch has no such device. Install a "
                            "libtorch for it, or use --device cpu.",
                            device));
  FURROW_TRY(const at::ScalarType dtype, choose_dtype(precision, parsed));
  return Device{parsed, dtype, processor_name(), machine_memory_bytes()};
}

std::string libtorch_version() {
  return fmt::format("libtorch {}.{}.{}", TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR,
                     TORCH_VERSION_PATCH);
}

}  // namespace furrow::engine
