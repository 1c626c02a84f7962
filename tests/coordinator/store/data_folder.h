#pragma once

#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace furrow::test {

/// A data folder in memory where the machine has such a place: an fsync costs nothing there.
class DataFolder : public TemporaryFolder {
 public:
  DataFolder() : TemporaryFolder(place()) {}

 private:
  static std::filesystem::path place() {
    const std::filesystem::path in_memory = "/dev/shm";
    return std::filesystem::is_directory(in_memory) ? in_memory
                                                    : std::filesystem::temp_directory_path();
  }
};

}  // namespace furrow::test
