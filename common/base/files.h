#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"

namespace furrow {

/// A file descriptor that is closed with its owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;

  explicit FileDescriptor(int fd) : fd_(fd) {}

  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  ~FileDescriptor() { reset(); }

  int get() const { return fd_; }

  bool is_open() const { return fd_ >= 0; }

  int release() { return std::exchange(fd_, -1); }

  void reset();

 private:
  int fd_ = -1;
};

Result<std::string> read_file(const std::filesystem::path& path);

/// Whether a write that has returned survives a power cut.
enum class Durability { Cached, Synced };

/// Replaces `path` as one step: readers see the old content or the new one, never a part. Missing
/// folders are made. With Durability::Synced the content and the name are on disk when it returns.
Result<void> write_file(const std::filesystem::path& path, std::string_view content,
                        Durability durability);

/// A read-only view of a whole file in memory. The view stays valid while the object lives, moved
/// or not.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

  /// Tells the system that a part of a mapped file will be read soon. Requires: as forget.
  static void prefetch(std::string_view part);

  /// Gives the memory of a part of a mapped file back; it is read again when it is looked at.
  /// Requires: the part is of a MappedFile that lives.
  static void forget(std::string_view part);

 private:
  MappedFile(const void* data, std::size_t size) : data_(data), size_(size) {}

  const void* data_ = nullptr;
  std::size_t size_ = 0;
};

/// An advisory lock on a file, held until the object goes or the process ends. Nothing: another
/// process holds it.
Result<std::optional<FileDescriptor>> lock_file(const std::filesystem::path& path);

/// The folder of the running program, symbolic links resolved.
std::filesystem::path program_folder();

/// "what: reason of errno", as an Io error. Call before anything else can change errno.
Error errno_error(std::string_view what);

}  // namespace furrow
