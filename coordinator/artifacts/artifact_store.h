#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/digest.h"
#include "common/base/result.h"

namespace furrow::artifacts {

/// A blob on its way in. Destroyed before it is committed, it leaves nothing behind.
class Upload {
 public:
  virtual ~Upload() = default;

  /// Errors: Io, when the store is full or broken; the upload is then of no further use.
  virtual Result<void> append(std::string_view bytes) = 0;
};

/// A blob being read. Its bytes matched its digest when it was opened.
class Artifact {
 public:
  virtual ~Artifact() = default;

  virtual std::uint64_t size() const = 0;
  /// The bytes from `offset`, at most `limit` of them, fewer only at the end. Requires: offset <=
  /// size().
  virtual Result<std::string> read(std::uint64_t offset, std::size_t limit) const = 0;
};

/// Blobs (pictures, latents, logs) named by the SHA-256 of their bytes. Immutable: a name is either
/// absent or means these bytes for ever. Owned by one thread. What is here is what an object store
/// offers as well: upload in parts, complete, ranged read, delete.
class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;

  /// Starts a blob that will be called `digest` if its bytes turn out to be that.
  virtual Result<std::unique_ptr<Upload>> begin(const Digest& digest) = 0;

  /// Makes every upload durable: when this returns, the ones without an Error survive a power cut.
  /// Many at once cost little more than one. A blob that is there already is no error.
  ///
  /// @return one outcome an upload, in order. Errors: Invalid when the bytes are not what the
  ///         digest says; Io when they could not be made durable.
  /// Requires: every upload came from begin() of this store.
  virtual std::vector<Result<void>> commit(std::vector<std::unique_ptr<Upload>> uploads) = 0;

  /// Errors: NotFound; Io when the stored bytes no longer match the digest.
  virtual Result<std::unique_ptr<Artifact>> open(const Digest& digest) const = 0;

  virtual bool contains(const Digest& digest) const = 0;

  /// Nothing to remove is no error.
  virtual Result<void> remove(const Digest& digest) = 0;
};

}  // namespace furrow::artifacts
