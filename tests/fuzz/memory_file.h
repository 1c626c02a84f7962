#pragma once

#include <filesystem>
#include <string_view>

#include "common/base/files.h"

namespace furrow::fuzz {

/// A file that never reaches a disk, for parsers that open a path themselves. Fuzzing writes
/// thousands of them a second.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes);

  const std::filesystem::path& path() const { return path_; }

 private:
  FileDescriptor fd_;
  std::filesystem::path path_;
};

/// A folder in memory, deleted with its contents at the program's end.
class MemoryFolder {
 public:
  MemoryFolder();
  ~MemoryFolder();
  MemoryFolder(const MemoryFolder&) = delete;
  MemoryFolder& operator=(const MemoryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Writes a file, making its folders.
  void write(const std::filesystem::path& name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace furrow::fuzz
