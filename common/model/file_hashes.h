#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "common/base/digest.h"
#include "common/base/result.h"

namespace furrow::model {

/// The SHA-256 of files, remembered by path, size and time of change, so that only new files are
/// read.
class FileHashes {
 public:
  /// Knows nothing and forgets with its end.
  FileHashes() = default;

  /// Knows what `cache_file` says. A file that is missing or damaged is as good as empty.
  static FileHashes load(const std::filesystem::path& cache_file);

  /// Reads the file unless it is known. Errors: as of reading a file.
  Result<Digest> hash_of(const std::filesystem::path& file);

  /// The SHA-256 of a safetensors file's bytes behind its header: what A1111 knows LoRAs by, since
  /// their metadata is edited. Reads the file unless it is known. Errors: as of reading a file;
  /// Invalid for one that is too short for its header.
  Result<Digest> tensors_hash_of(const std::filesystem::path& file);

  /// Writes what is known, without files that are gone, if anything is new. Errors: as of writing a
  /// file.
  Result<void> save(const std::filesystem::path& cache_file);

  /// How many files were read because they were not known.
  std::uint64_t files_read() const { return files_read_; }

 private:
  struct Entry {
    std::uintmax_t size = 0;
    std::int64_t changed_at = 0;  // as the file system counts, only ever compared
    std::optional<Digest> digest;
    std::optional<Digest> tensors_digest;
  };

  /// What is known of the file as it is now; of a changed one nothing.
  Result<Entry*> entry_of(const std::filesystem::path& absolute);

  std::map<std::string, Entry> known_;
  std::uint64_t files_read_ = 0;
};

}  // namespace furrow::model
