#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::worker::probe {

struct Gpu {
  std::string vendor;  ///< "NVIDIA", "AMD", "Intel"
  std::string name;
  std::string address;  ///< on the PCI bus, "0000:03:00.0"
  std::string uuid;
  std::string driver;
  std::string capability;               ///< "8.9", "gfx1100"; empty: not known
  std::uint64_t memory_bytes = 0;       ///< 0: not told, or shared with the host
  std::uint64_t free_memory_bytes = 0;  ///< 0: not told
  std::string device;  ///< as engines call it, "cuda:0"; empty: engines are not started on it
  std::string note;    ///< why not
};

/// One way to find GPUs. Reading never starts a device and needs no vendor's library to be there.
class GpuSource {
 public:
  virtual ~GpuSource() = default;

  /// The GPUs it sees; none where there is no such hardware or driver. Errors: Io, the driver is
  /// there and does not answer.
  virtual Result<std::vector<Gpu>> read() = 0;
};

}  // namespace furrow::worker::probe
