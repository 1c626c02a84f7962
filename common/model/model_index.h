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

/// A folder or file that looks like a model and cannot be used, with the sentence that says why.
struct BrokenModel {
  std::filesystem::path path;
  std::string reason;
};

struct ModelIndex {
  std::vector<FoundModel> models;
  std::vector<BrokenModel> broken;
};

/// Every model folder directly in one of `folders`, and every one of `folders` that is a model
/// itself: diffusers folders (with a model_index.json) and standalone VAEs (with the config.json of
/// an AutoencoderKL). In a folder by name; the first of a name wins, over all folders. Checkpoint
/// files that lie beside them are listed as broken: they are not supported yet, or pickles.
///
/// Content hashes are kept in `cache_file` by path, size and time of every file, so only new files
/// are read. A cache that is missing, damaged or cannot be written costs time and nothing else.
ModelIndex scan_models(const std::vector<std::filesystem::path>& folders,
                       const std::filesystem::path& cache_file);

/// Reads one model folder. Errors: NotFound without the folder; Invalid, naming the file that is
/// missing, damaged or refused.
Result<FoundModel> read_model_folder(const std::filesystem::path& folder);

/// What a model is: the SHA-256 of the lines
///
///   furrow-model/1
///   RELATIVE-NAME HEXADECIMAL-SHA256 …   one a file, sorted: configs, vocabularies and weights
///
/// each ended by a new line. Does not depend on where the folder is or how it is called, nor on
/// files that no engine reads. Errors: as read_model_folder.
Result<Digest> hash_model_folder(const std::filesystem::path& folder);

}  // namespace furrow::model
