#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/result.h"
#include "worker/agent/input_shelf.h"

namespace furrow::worker {

/// An input on its way into the cache folder. Destroyed before it is finished, it leaves nothing.
class IncomingInput {
 public:
  IncomingInput(IncomingInput&& other) noexcept;
  IncomingInput& operator=(IncomingInput&&) = delete;
  ~IncomingInput();

  /// Errors: Io, the disk is full or broken.
  Result<void> append(std::string_view bytes);

  std::uint64_t bytes() const { return bytes_; }

  /// Gives the file its name. Call once. Errors: Invalid, the bytes are not what the digest says;
  /// Io.
  Result<std::filesystem::path> finish();

 private:
  friend class InputCache;
  IncomingInput(const Digest& digest, std::filesystem::path target, FileDescriptor file);

  Digest digest_;
  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty: moved away or finished
  FileDescriptor file_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
};

/// The cache folder: each input is a file named by its digest, in hexadecimal. Files are written
/// under another name and renamed. Nothing is synced: what a power cut damages is found by its
/// digest and fetched again.
class InputCache {
 public:
  explicit InputCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// What a former run left, the least recently used first, unchecked. Everything else in the
  /// folder is deleted.
  std::vector<LeftInput> recover() const;

  /// The file of this input, read and checked; nothing when it is not there. A damaged one is
  /// deleted.
  std::optional<std::filesystem::path> find(const Digest& input) const;

  /// Errors: Io, the folder cannot be written.
  Result<IncomingInput> begin(const Digest& input) const;

  void remove(const Digest& input) const;

 private:
  std::filesystem::path path_of(const Digest& input) const { return folder_ / input.hex(); }

  std::filesystem::path folder_;
};

}  // namespace furrow::worker
