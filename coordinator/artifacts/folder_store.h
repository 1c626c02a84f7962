#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "coordinator/artifacts/artifact_store.h"

namespace furrow::artifacts {

/// Artifacts as files of one folder: ROOT/ab/cdef… for the digest abcdef…. A file is written to
/// ROOT/incoming under a name of its own, synced, renamed into place, and the folders are synced,
/// so a name never shows a part of a blob. Readable by people and by any backup program.
class FolderStore final : public ArtifactStore {
 public:
  /// Makes the folder if need be and sweeps what an earlier process left in ROOT/incoming.
  /// Requires: no other process uses the folder (the coordinator holds the data folder's lock).
  static Result<std::unique_ptr<FolderStore>> open(const std::filesystem::path& root);

  Result<std::unique_ptr<Upload>> begin(const Digest& digest) override;
  std::vector<Result<void>> commit(std::vector<std::unique_ptr<Upload>> uploads) override;
  Result<std::unique_ptr<Artifact>> open(const Digest& digest) const override;
  bool contains(const Digest& digest) const override;
  Result<void> remove(const Digest& digest) override;

  /// Where the blob is, or would be.
  std::filesystem::path path_of(const Digest& digest) const;

  /// How many files of interrupted uploads were swept at the start.
  std::size_t swept() const { return swept_; }

 private:
  FolderStore(std::filesystem::path root, std::size_t swept)
      : root_(std::move(root)), swept_(swept) {}

  const std::filesystem::path root_;
  const std::size_t swept_;
  std::uint64_t next_incoming_ = 0;
};

}  // namespace furrow::artifacts
