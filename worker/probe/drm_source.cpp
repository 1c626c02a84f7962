#include "worker/probe/drm_source.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

#include "worker/probe/system_files.h"

namespace furrow::worker::probe {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kAmd = 0x1002;
constexpr std::uint64_t kIntel = 0x8086;
constexpr std::uint64_t kNvidia = 0x10de;

/// Intel puts the integrated GPU here, on every board.
constexpr const char* kIntegratedIntel = "0000:00:02.0";

bool is_card(const std::string& name) {
  constexpr std::string_view kPrefix = "card";
  return name.starts_with(kPrefix) && name.size() > kPrefix.size() &&
         std::all_of(name.begin() + kPrefix.size(), name.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string hex4(std::uint64_t id) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 12; shift >= 0; shift -= 4) text.push_back(kDigits[(id >> shift) & 0xf]);
  return text;
}

/// The name in pci.ids, whose lines are "vvvv  Vendor" and, below it, "\tdddd  Device"; else the
/// numbers.
std::string pci_name(const fs::path& root, std::uint64_t vendor, std::uint64_t device) {
  for (const char* file : {"usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids"}) {
    bool in_vendor = false;
    for (const auto& line : split_lines(read_text(root / file))) {
      if (line.empty() || line.front() == '#') continue;
      if (line.front() != '\t') {
        if (in_vendor) break;
        in_vendor = line.starts_with(hex4(vendor));
      } else if (in_vendor && line.starts_with('\t' + hex4(device))) {
        return std::string(trim(std::string_view(line).substr(5)));
      }
    }
  }
  return "PCI " + hex4(vendor) + ":" + hex4(device);
}

/// "gfx1100" of the compute node that shares the card's render node, as the kfd driver writes it:
/// gfx_target_version 110000 is major 11, minor 0, stepping 0.
std::string gfx_name(const fs::path& root, const fs::path& device) {
  std::optional<std::uint64_t> minor;
  for (const auto& name : list_folder(device / "drm")) {
    if (name.starts_with("renderD")) minor = parse_number(std::string_view(name).substr(7));
  }
  const auto nodes = root / "sys/class/kfd/kfd/topology/nodes";
  for (const auto& node : list_folder(nodes)) {
    const auto properties = read_text(nodes / node / "properties");
    if (!minor || parse_number(field(properties, "drm_render_minor", ' ')) != minor) continue;
    const auto version = parse_number(field(properties, "gfx_target_version", ' ')).value_or(0);
    if (version == 0) return {};
    return "gfx" + std::to_string(version / 10000) + std::to_string(version / 100 % 100) +
           hex4(version % 100).substr(3);
  }
  return {};
}

void describe_amd(Gpu& gpu, const fs::path& root, const fs::path& device, int& usable) {
  gpu.vendor = "AMD";
  gpu.memory_bytes = read_number(device / "mem_info_vram_total").value_or(0);
  const auto used = read_number(device / "mem_info_vram_used").value_or(0);
  gpu.free_memory_bytes = gpu.memory_bytes - std::min(used, gpu.memory_bytes);
  gpu.capability = gfx_name(root, device);
  gpu.uuid = read_text(device / "unique_id");
  if (gpu.capability.empty()) {
    gpu.note = "the kernel offers no compute (kfd) on it";
  } else {
    gpu.device = "rocm:" + std::to_string(usable++);
  }
}

void describe_intel(Gpu& gpu, const fs::path& card, int& usable) {
  gpu.vendor = "Intel";
  gpu.memory_bytes = read_number(card / "lmem_total_bytes").value_or(0);
  if (gpu.address == kIntegratedIntel) {
    gpu.note = "integrated: shares the host's memory";
  } else {
    gpu.device = "xpu:" + std::to_string(usable++);
  }
}

}  // namespace

Result<std::vector<Gpu>> DrmSource::read() {
  std::vector<Gpu> gpus;
  int usable_amd = 0;
  int usable_intel = 0;
  const auto folder = root_ / "sys/class/drm";
  for (const auto& name : list_folder(folder)) {
    if (!is_card(name)) continue;
    const auto device = folder / name / "device";
    const auto vendor = read_number(device / "vendor").value_or(0);
    const auto events = read_text(device / "uevent");
    Gpu gpu;
    gpu.address = field(events, "PCI_SLOT_NAME", '=');
    gpu.driver = field(events, "DRIVER", '=');
    gpu.name = pci_name(root_, vendor, read_number(device / "device").value_or(0));
    if (vendor == kAmd) {
      describe_amd(gpu, root_, device, usable_amd);
    } else if (vendor == kIntel) {
      describe_intel(gpu, folder / name, usable_intel);
    } else if (vendor == kNvidia) {
      gpu.vendor = "NVIDIA";
      gpu.note = "NVIDIA's driver (libnvidia-ml.so.1) is not installed";
    } else {
      continue;
    }
    gpus.push_back(std::move(gpu));
  }
  return gpus;
}

}  // namespace furrow::worker::probe
