#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "common/base/result.h"
#include "common/model/file_hashes.h"
#include "common/model/model_index.h"

namespace furrow::cli {

/// The model folders that --folder names, else those of this machine's worker. Errors: NotFound for
/// one that is not there.
Result<std::vector<std::filesystem::path>> model_folders_of(const Arguments& arguments);

/// The model that a path or a name in those folders means; case does not count if only one fits
/// then. Errors: NotFound, naming the nearest; Conflict for several; what is wrong with it, if it
/// cannot be used.
Result<model::FoundModel> choose_model(const Arguments& arguments, const std::string& text);

/// Hashes of files as the worker of this machine keeps them, so that neither reads what the other
/// has read.
class SharedHashes {
 public:
  explicit SharedHashes(const Arguments& arguments);
  /// Keeps what is new.
  ~SharedHashes();
  SharedHashes(const SharedHashes&) = delete;
  SharedHashes& operator=(const SharedHashes&) = delete;

  model::FileHashes& get() { return hashes_; }

 private:
  const std::filesystem::path file_;
  model::FileHashes hashes_;
};

}  // namespace furrow::cli
