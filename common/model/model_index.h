#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/base/result.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::model {

/// A model folder found on this machine.
struct FoundModel {
  std::filesystem::path path;
  v1::ModelOnDisk description;
};

/// A folder that looks like a model and cannot be used, with the sentence that says why.
struct BrokenModel {
  std::filesystem::path path;
  std::string reason;
};

struct ModelIndex {
  std::vector<FoundModel> models;
  std::vector<BrokenModel> broken;
};

/// Every diffusers folder (a folder with model_index.json) directly in one of `folders`, and every
/// one of `folders` that is such a folder itself; the first of a name wins. Content hashes are kept
/// in `cache_file` by path, size and time of every file, so only new files are read.
ModelIndex scan_models(const std::vector<std::filesystem::path>& folders,
                       const std::filesystem::path& cache_file);

/// Reads one model folder. Errors: Invalid, naming the missing or unreadable file.
Result<FoundModel> read_model_folder(const std::filesystem::path& folder);

/// What a model is: SHA-256 over the sorted list of its configs', vocabularies' and weights'
/// relative names and SHA-256s. Does not depend on where the folder is or how it is called.
Result<Digest> hash_model_folder(const std::filesystem::path& folder);

}  // namespace furrow::model
