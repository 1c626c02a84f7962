#pragma once

#include <filesystem>
#include <string>

#include <stdlib.h>

namespace furrow::testing {

/// An empty folder that goes with its owner; in memory where the machine has such a place.
class DataFolder {
 public:
  DataFolder() {
    const bool in_memory = std::filesystem::is_directory("/dev/shm");
    const auto base =
        in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
    std::string name = (base / "furrow-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }

  ~DataFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace furrow::testing
