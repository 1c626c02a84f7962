#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/model/model_index.h"
#include "worker/probe/gpu_source.h"

/// The truth about this machine: read, or measured, or left out. Every reader of system files takes
/// the root of the tree to read ("/"), and gives zero or an empty text for what is not there.
namespace furrow::worker::probe {

struct Cpu {
  std::string model;
  std::string architecture;  ///< "x86_64", "aarch64"
  int sockets = 0;
  int cores = 0;
  int threads = 0;                    ///< online
  int usable_threads = 0;             ///< of them, this process may run on
  std::vector<std::string> features;  ///< those that decide how fast an engine is
};

struct Memory {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes = 0;
};

/// What the control group of this process allows; the tightest of it and its parents.
struct Limits {
  std::string hierarchy;  ///< "v2", "v1", or empty: none found
  std::optional<double> cpus;
  std::optional<std::uint64_t> memory_bytes;
};

struct NumaNode {
  int id = 0;
  std::string cpus;  ///< "0-15,32-47"
  std::uint64_t memory_bytes = 0;
};

struct Disk {
  std::filesystem::path path;
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;  ///< for this user
};

struct Machine {
  std::string host;
  std::string kernel;
  Cpu cpu;
  Memory memory;
  Limits limits;
  std::vector<NumaNode> numa;
  /// Of memory copies over all usable threads, bytes read plus bytes written; absent: not measured.
  std::optional<double> copy_bytes_per_second;
  std::vector<Gpu> gpus;
  std::vector<std::string> gpu_faults;  ///< why a source could not say anything
  std::vector<std::string> devices;  ///< what engines are started on by default, the best present
  Disk disk;
  model::ModelIndex models;
};

struct ProbeOptions {
  std::filesystem::path root = "/";
  std::filesystem::path data;  ///< the data folder; its disk and models count
  bool measure = true;         ///< takes up to 0.3 s
};

/// Everything. Reads model folders whose hash is not known yet, which takes as long as their bytes.
Machine probe_machine(const ProbeOptions& options);

Cpu read_cpu(const std::filesystem::path& root);
Memory read_memory(const std::filesystem::path& root);
Limits read_limits(const std::filesystem::path& root);
std::vector<NumaNode> read_numa(const std::filesystem::path& root);
/// The disk that holds `path`, or would once it is made.
Disk read_disk(const std::filesystem::path& path);

/// Every source of this machine, the best device first: NVIDIA by NVML, AMD and Intel by sysfs.
std::vector<std::unique_ptr<GpuSource>> gpu_sources(const std::filesystem::path& root);

/// The devices of the best kind that has a usable GPU, in the order cuda, rocm, xpu; else the CPU.
std::vector<std::string> default_devices(const std::vector<Gpu>& gpus);

}  // namespace furrow::worker::probe
