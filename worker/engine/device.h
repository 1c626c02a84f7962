#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"

namespace furrow::engine {

/// The device this process owns and the precision it computes in.
struct Device {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
  std::string name;                ///< "AMD EPYC 7763 64-Core Processor"
  std::uint64_t memory_bytes = 0;  ///< of the device; of the machine for a CPU

  /// "cpu", "cuda:0".
  std::string id() const;
  /// "fp32", "bf16".
  std::string precision() const;
};

/// @param device     "cpu" or "cuda", "cuda:1" …
/// @param precision  "fp32", "bf16" or "auto": bf16 on a GPU that computes in it, else fp32
/// Errors: Invalid for words that are neither; NotFound when this libtorch or machine has no such
/// device. Nothing falls back to the CPU.
Result<Device> open_device(const std::string& device, const std::string& precision);

/// "libtorch 1.13.1".
std::string libtorch_version();

}  // namespace furrow::engine
