#include "tests/fuzz/memory_file.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

namespace furrow::fuzz {

namespace {

// The file system in memory that every Linux has; /tmp may be on a disk.
constexpr const char* kFoldersInMemory = "/dev/shm";

}  // namespace

MemoryFile::MemoryFile(std::string_view bytes) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
  FURROW_CHECK(fd_.is_open(), "a file in memory can be made");
  const auto written = ::write(fd_.get(), bytes.data(), bytes.size());
  FURROW_CHECK(written == static_cast<ssize_t>(bytes.size()), "memory takes all of it");
  path_ = "/proc/self/fd/" + std::to_string(fd_.get());
}

MemoryFolder::MemoryFolder() {
  std::error_code unknown;
  const bool has_memory = std::filesystem::is_directory(kFoldersInMemory, unknown);
  const std::filesystem::path parent =
      has_memory ? kFoldersInMemory : std::filesystem::temp_directory_path();
  std::string name = (parent / "furrow-fuzz-XXXXXX").string();
  FURROW_CHECK(::mkdtemp(name.data()) != nullptr, "a folder can be made");
  path_ = name;
}

MemoryFolder::~MemoryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void MemoryFolder::write(const std::filesystem::path& name, std::string_view bytes) const {
  const auto file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  FURROW_CHECK(stream.good(), "the folder takes the file");
}

}  // namespace furrow::fuzz
