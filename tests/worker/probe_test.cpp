// The probe on machines that we do not have: trees of files as their kernels show them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/base/files.h"
#include "tests/support/temporary_folder.h"
#include "worker/probe/bandwidth.h"
#include "worker/probe/drm_source.h"
#include "worker/probe/machine.h"
#include "worker/probe/nvml_source.h"
#include "worker/probe/report.h"
#include "worker/probe/system_files.h"

namespace furrow::worker::probe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Tree {
 public:
  Tree& file(const std::string& path, std::string_view text) {
    EXPECT_TRUE(write_file(folder_.path() / path, text, Durability::Cached));
    return *this;
  }

  const std::filesystem::path& root() const { return folder_.path(); }

 private:
  test::TemporaryFolder folder_;
};

TEST(SystemFiles, ReadsListsOfCpus) {
  EXPECT_THAT(parse_cpu_list("0-2,5\n"), ElementsAre(0, 1, 2, 5));
  EXPECT_THAT(parse_cpu_list("7"), ElementsAre(7));
  EXPECT_THAT(parse_cpu_list(""), IsEmpty());
  EXPECT_THAT(parse_cpu_list("a-b"), IsEmpty());
  EXPECT_THAT(parse_cpu_list("0-99999999999"), IsEmpty());
}

TEST(Probe, CountsSocketsCoresAndThreads) {
  Tree tree;
  tree.file(
      "proc/cpuinfo",
      "processor\t: 0\nmodel name\t: Xeon Gold 6430\nflags\t\t: fpu avx2 avx512f amx_bf16 sse2\n");
  tree.file("sys/devices/system/cpu/online", "0-7\n");
  for (int cpu = 0; cpu < 8; ++cpu) {
    const auto folder = "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    tree.file(folder + "physical_package_id", std::to_string(cpu / 4));
    tree.file(folder + "core_id", std::to_string(cpu % 2));
  }

  const auto cpu = read_cpu(tree.root());

  EXPECT_EQ(cpu.model, "Xeon Gold 6430");
  EXPECT_EQ(cpu.sockets, 2);
  EXPECT_EQ(cpu.cores, 4);
  EXPECT_EQ(cpu.threads, 8);
  EXPECT_THAT(cpu.features, ElementsAre("avx2", "avx512f", "amx_bf16"));
}

TEST(Probe, AnArmBoardWithoutAModelNameIsNamedByItsDeviceTree) {
  Tree tree;
  tree.file("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd bf16 i8mm\n");
  tree.file("proc/device-tree/model", std::string_view("Raspberry Pi 5\0", 15));
  tree.file("sys/devices/system/cpu/online", "0-3");

  const auto cpu = read_cpu(tree.root());

  EXPECT_EQ(cpu.model, "Raspberry Pi 5");
  EXPECT_EQ(cpu.cores, 4);
  EXPECT_THAT(cpu.features, ElementsAre("asimd", "bf16", "i8mm"));
}

TEST(Probe, AMachineThatShowsNothingIsNoError) {
  const Tree tree;

  EXPECT_EQ(read_cpu(tree.root()).threads, 0);
  EXPECT_EQ(read_memory(tree.root()).total_bytes, 0u);
  EXPECT_EQ(read_limits(tree.root()).hierarchy, "");
  EXPECT_THAT(read_numa(tree.root()), IsEmpty());
  EXPECT_THAT(DrmSource(tree.root()).read().value(), IsEmpty());
}

TEST(Probe, ReadsMemoryAndNumaNodes) {
  Tree tree;
  tree.file("proc/meminfo",
            "MemTotal:       16303428 kB\nMemFree: 1 kB\nMemAvailable:   8000000 kB\n");
  tree.file("sys/devices/system/node/online", "0-1");
  tree.file("sys/devices/system/node/node0/cpulist", "0-3\n");
  tree.file("sys/devices/system/node/node0/meminfo",
            "Node 0 MemTotal:       8151714 kB\nNode 0 MemFree: 7 kB\n");
  tree.file("sys/devices/system/node/node1/cpulist", "4-7\n");
  tree.file("sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:       4151714 kB\n");

  EXPECT_EQ(read_memory(tree.root()).total_bytes, 16303428ULL << 10);
  EXPECT_EQ(read_memory(tree.root()).available_bytes, 8000000ULL << 10);
  const auto nodes = read_numa(tree.root());
  ASSERT_THAT(nodes, SizeIs(2));
  EXPECT_EQ(nodes[1].cpus, "4-7");
  EXPECT_EQ(nodes[1].memory_bytes, 4151714ULL << 10);
}

// Control groups.

TEST(Probe, TheTightestGroupOfVersion2Counts) {
  Tree tree;
  tree.file("proc/self/cgroup", "0::/machine.slice/worker.service\n");
  tree.file("sys/fs/cgroup/cgroup.controllers", "cpu memory");
  tree.file("sys/fs/cgroup/machine.slice/cpu.max", "150000 100000");
  tree.file("sys/fs/cgroup/machine.slice/memory.max", "max");
  tree.file("sys/fs/cgroup/machine.slice/worker.service/cpu.max", "max 100000");
  tree.file("sys/fs/cgroup/machine.slice/worker.service/memory.max", "1073741824");

  const auto limits = read_limits(tree.root());

  EXPECT_EQ(limits.hierarchy, "v2");
  EXPECT_EQ(limits.cpus, 1.5);
  EXPECT_EQ(limits.memory_bytes, 1073741824u);
}

TEST(Probe, InAContainerTheRootOfTheMountIsTheGroup) {
  Tree tree;
  tree.file("proc/self/cgroup", "0::/docker/0123/not/mounted/here\n");
  tree.file("sys/fs/cgroup/cgroup.controllers", "cpu memory");
  tree.file("sys/fs/cgroup/cpu.max", "400000 100000");
  tree.file("sys/fs/cgroup/memory.max", "2147483648");

  const auto limits = read_limits(tree.root());

  EXPECT_EQ(limits.cpus, 4.0);
  EXPECT_EQ(limits.memory_bytes, 2147483648u);
}

TEST(Probe, ReadsVersion1AndItsWayToSayNoLimit) {
  Tree tree;
  tree.file("proc/self/cgroup", "4:memory:/jobs/one\n2:cpu,cpuacct:/jobs\n0::/\n");
  tree.file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
  tree.file("sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", "9223372036854771712");
  tree.file("sys/fs/cgroup/memory/jobs/one/memory.limit_in_bytes", "536870912");
  tree.file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1");
  tree.file("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  tree.file("sys/fs/cgroup/cpu/jobs/cpu.cfs_quota_us", "50000");
  tree.file("sys/fs/cgroup/cpu/jobs/cpu.cfs_period_us", "100000");

  const auto limits = read_limits(tree.root());

  EXPECT_EQ(limits.hierarchy, "v1");
  EXPECT_EQ(limits.cpus, 0.5);
  EXPECT_EQ(limits.memory_bytes, 536870912u);
}

TEST(Probe, NoLimitIsNoNumber) {
  Tree tree;
  tree.file("sys/fs/cgroup/cgroup.controllers", "cpu memory");
  tree.file("sys/fs/cgroup/cpu.max", "max 100000");
  tree.file("sys/fs/cgroup/memory.max", "max");

  const auto limits = read_limits(tree.root());

  EXPECT_FALSE(limits.cpus);
  EXPECT_FALSE(limits.memory_bytes);
}

// GPUs.

constexpr const char* kPciIds =
    "# a comment\n1002  Advanced Micro Devices, Inc. [AMD/ATI]\n\t744c  Navi 31 [Radeon RX 7900 "
    "XTX]\n"
    "\t\t1002 0e3b  a subsystem\n10de  NVIDIA Corporation\n\t2684  AD102 [GeForce RTX 4090]\n"
    "8086  Intel Corporation\n\t56a0  DG2 [Arc A770]\n";

TEST(DrmSource, KnowsAnAmdCardWithItsMemoryAndItsArchitecture) {
  Tree tree;
  tree.file("usr/share/misc/pci.ids", kPciIds);
  const std::string device = "sys/class/drm/card1/device/";
  tree.file(device + "vendor", "0x1002\n").file(device + "device", "0x744c\n");
  tree.file(device + "uevent", "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0\n");
  tree.file(device + "mem_info_vram_total", "25753026560\n");
  tree.file(device + "mem_info_vram_used", "1000000000\n");
  tree.file(device + "drm/renderD128/dev", "226:128");
  tree.file("sys/class/drm/card1-HDMI-A-1/status", "connected");
  const std::string node = "sys/class/kfd/kfd/topology/nodes/";
  tree.file(node + "0/properties", "cpu_cores_count 16\ngfx_target_version 0\n");
  tree.file(node + "1/properties", "drm_render_minor 128\ngfx_target_version 110000\n");

  const auto gpus = DrmSource(tree.root()).read().value();

  ASSERT_THAT(gpus, SizeIs(1));
  EXPECT_EQ(gpus[0].vendor, "AMD");
  EXPECT_EQ(gpus[0].name, "Navi 31 [Radeon RX 7900 XTX]");
  EXPECT_EQ(gpus[0].capability, "gfx1100");
  EXPECT_EQ(gpus[0].memory_bytes, 25753026560u);
  EXPECT_EQ(gpus[0].free_memory_bytes, 24753026560u);
  EXPECT_EQ(gpus[0].address, "0000:03:00.0");
  EXPECT_EQ(gpus[0].driver, "amdgpu");
  EXPECT_EQ(gpus[0].device, "rocm:0");
}

TEST(DrmSource, AnAmdCardWithoutComputeIsShownAndNotUsed) {
  Tree tree;
  tree.file("sys/class/drm/card0/device/vendor", "0x1002");
  tree.file("sys/class/drm/card0/device/device", "0x15e7");

  const auto gpus = DrmSource(tree.root()).read().value();

  ASSERT_THAT(gpus, SizeIs(1));
  EXPECT_EQ(gpus[0].name, "PCI 1002:15e7");
  EXPECT_EQ(gpus[0].device, "");
  EXPECT_FALSE(gpus[0].note.empty());
}

TEST(DrmSource, TellsIntelsCardsFromItsIntegratedGpus) {
  Tree tree;
  tree.file("usr/share/hwdata/pci.ids", kPciIds);
  tree.file("sys/class/drm/card0/device/vendor", "0x8086");
  tree.file("sys/class/drm/card0/device/device", "0xa780");
  tree.file("sys/class/drm/card0/device/uevent", "PCI_SLOT_NAME=0000:00:02.0");
  tree.file("sys/class/drm/card1/device/vendor", "0x8086");
  tree.file("sys/class/drm/card1/device/device", "0x56a0");
  tree.file("sys/class/drm/card1/device/uevent", "PCI_SLOT_NAME=0000:03:00.0");
  tree.file("sys/class/drm/card1/lmem_total_bytes", "17179869184");

  const auto gpus = DrmSource(tree.root()).read().value();

  ASSERT_THAT(gpus, SizeIs(2));
  EXPECT_EQ(gpus[0].device, "");
  EXPECT_EQ(gpus[1].device, "xpu:0");
  EXPECT_EQ(gpus[1].name, "DG2 [Arc A770]");
  EXPECT_EQ(gpus[1].memory_bytes, 16ULL << 30);
}

TEST(DrmSource, ANvidiaCardWithoutItsDriverSaysSoAndAVirtualAdapterIsNoGpu) {
  Tree tree;
  tree.file("usr/share/misc/pci.ids", kPciIds);
  tree.file("sys/class/drm/card0/device/vendor", "0x1234");
  tree.file("sys/class/drm/card1/device/vendor", "0x10de");
  tree.file("sys/class/drm/card1/device/device", "0x2684");

  const auto gpus = DrmSource(tree.root()).read().value();

  ASSERT_THAT(gpus, SizeIs(1));
  EXPECT_EQ(gpus[0].name, "AD102 [GeForce RTX 4090]");
  EXPECT_THAT(gpus[0].note, HasSubstr("libnvidia-ml"));
}

TEST(NvmlSource, WithoutTheLibraryThereAreNoGpusAndNoError) {
  const auto gpus = NvmlSource("libfurrow-no-such-library.so.1").read();

  ASSERT_TRUE(gpus);
  EXPECT_THAT(*gpus, IsEmpty());
}

TEST(NvmlSource, ReadsWhatTheDriverSays) {
  const auto gpus = NvmlSource(FURROW_FAKE_NVML).read();

  ASSERT_TRUE(gpus) << gpus.error().message;
  ASSERT_THAT(*gpus, SizeIs(2));
  const auto& gpu = (*gpus)[1];
  EXPECT_EQ(gpu.device, "cuda:1");
  EXPECT_EQ(gpu.name, "NVIDIA GeForce RTX 4090");
  EXPECT_EQ(gpu.uuid, "GPU-0001");
  EXPECT_EQ(gpu.driver, "550.54.14");
  EXPECT_EQ(gpu.capability, "8.9");
  EXPECT_EQ(gpu.memory_bytes, 24ULL << 30);
  EXPECT_EQ(gpu.free_memory_bytes, 23ULL << 30);
  EXPECT_EQ(gpu.address, "00000000:02:00.0");
}

TEST(NvmlSource, ALibraryThatIsNotNvmlIsAFault) {
  const auto gpus = NvmlSource("libm.so.6").read();

  ASSERT_FALSE(gpus);
  EXPECT_EQ(gpus.error().kind, ErrorKind::Io);
}

TEST(Probe, TheBestKindOfDeviceIsUsedAndTheCpuOnlyWithoutAny) {
  const auto on = [](const char* device) {
    Gpu gpu;
    gpu.device = device;
    return gpu;
  };

  EXPECT_THAT(default_devices({}), ElementsAre("cpu"));
  EXPECT_THAT(default_devices({on("")}), ElementsAre("cpu"));
  EXPECT_THAT(default_devices({on("xpu:0"), on("cuda:0"), on("rocm:0"), on("cuda:1")}),
              ElementsAre("cuda:0", "cuda:1"));
  EXPECT_THAT(default_devices({on("xpu:0"), on("rocm:0")}), ElementsAre("rocm:0"));
}

// The report.

Machine a_machine() {
  Machine machine;
  machine.host = "node1";
  machine.kernel = "Linux 6.1";
  machine.cpu = {"EPYC", "x86_64", 1, 8, 16, 12, {"avx2"}};
  machine.memory = {64ULL << 30, 32ULL << 30};
  machine.limits = {"v2", 12.0, std::nullopt};
  machine.copy_bytes_per_second = 20e9;
  machine.gpus.push_back({});
  machine.gpus[0].vendor = "NVIDIA";
  machine.gpus[0].name = "RTX";
  machine.gpus[0].device = "cuda:0";
  machine.devices = {"cuda:0"};
  machine.models.broken.push_back({"/models/half", "unet/config.json is missing"});
  return machine;
}

TEST(ProbeReport, JsonSaysWhatIsKnownAndNullForWhatIsNot) {
  const auto json = nlohmann::json::parse(to_json(a_machine()));

  EXPECT_EQ(json["schema"], "furrow.probe/1");
  EXPECT_EQ(json["cpu"]["usable_threads"], 12);
  EXPECT_EQ(json["limits"]["cpus"], 12.0);
  EXPECT_TRUE(json["limits"]["memory_bytes"].is_null());
  EXPECT_EQ(json["gpus"][0]["device"], "cuda:0");
  EXPECT_EQ(json["devices"][0], "cuda:0");
  EXPECT_EQ(json["broken_models"][0]["reason"], "unet/config.json is missing");
  auto unmeasured = a_machine();
  unmeasured.copy_bytes_per_second.reset();
  EXPECT_TRUE(
      nlohmann::json::parse(to_json(unmeasured))["memory"]["copy_bytes_per_second"].is_null());
}

TEST(ProbeReport, ThePageIsAligned) {
  const auto page = to_page(a_machine());

  EXPECT_THAT(page, HasSubstr("12.00 CPUs, all memory"));
  EXPECT_THAT(page, HasSubstr("unet/config.json is missing"));
  for (const auto& line : split_lines(page)) {
    ASSERT_GT(line.size(), 14u) << line;
    EXPECT_EQ(line[13], ' ') << line;
    EXPECT_NE(line[14], ' ') << line;
  }
}

TEST(Bandwidth, IsNotMeasuredWithoutTheMemoryForIt) {
  EXPECT_FALSE(measure_copy_bandwidth(2, 1 << 20));
  EXPECT_FALSE(measure_copy_bandwidth(0, std::uint64_t{1} << 40));
}

}  // namespace
}  // namespace furrow::worker::probe
