#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::worker {

/// Finished pictures on disk, from the last step of rendering until the coordinator acknowledges
/// the result: JOB-CELL-ATTEMPT.png, and beside it .json with the RenderedCell in Protobuf's JSON
/// mapping. An entry is there when its .json is.
///
/// Files are not synced: a picture outlives the agent and its death by any signal, and a power cut
/// may cost the last few seconds' pictures, which are then rendered again. Syncing each would stall
/// the one thread that feeds the engines for a loss that is rarer and cheaper than the stalls.
class SpoolFolder {
 public:
  explicit SpoolFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// What a former run left. Entries that are not whole, or whose picture is not what its digest
  /// says, are deleted.
  std::vector<v1::RenderedCell> recover() const;

  /// Errors: Io, the disk is full or not writable; nothing of the entry is left then.
  Result<void> store(const v1::RenderedCell& cell, std::string_view picture) const;
  void remove(const v1::Token& token) const;

  std::filesystem::path picture_path(const v1::Token& token) const;

 private:
  std::filesystem::path sidecar_path(const v1::Token& token) const;

  std::filesystem::path folder_;
};

}  // namespace furrow::worker
