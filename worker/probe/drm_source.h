#pragma once

#include <filesystem>
#include <vector>

#include "worker/probe/gpu_source.h"

namespace furrow::worker::probe {

/// AMD's and Intel's GPUs by what the kernel's graphics drivers say in sysfs. NVIDIA's cards are
/// seen too, as cards that no engine can use without NVIDIA's own driver. Virtual display adapters
/// are no GPUs.
class DrmSource final : public GpuSource {
 public:
  explicit DrmSource(std::filesystem::path root) : root_(std::move(root)) {}

  Result<std::vector<Gpu>> read() override;

 private:
  std::filesystem::path root_;
};

}  // namespace furrow::worker::probe
