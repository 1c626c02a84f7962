#pragma once

#include <string>
#include <vector>

#include "worker/probe/gpu_source.h"

namespace furrow::worker::probe {

/// NVIDIA's GPUs through NVML, whose library comes with the driver and is opened only here.
class NvmlSource final : public GpuSource {
 public:
  explicit NvmlSource(std::string library = "libnvidia-ml.so.1") : library_(std::move(library)) {}

  Result<std::vector<Gpu>> read() override;

 private:
  std::string library_;
};

}  // namespace furrow::worker::probe
