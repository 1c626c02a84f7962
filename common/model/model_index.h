#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/base/result.h"
#include "common/model/file_hashes.h"
#include "common/model/traits.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::model {

/// A model folder or file found on this machine.
struct FoundModel {
  std::filesystem::path path;
  v1::ModelOnDisk description;  ///< without a hash among ModelIndex::others
  Traits traits{};
  Layout layout = Layout::Folder;
  /// The files that it is made of, relative to `path` when that is a folder.
  std::vector<std::filesystem::path> content{};
};

/// A folder or file that looks like a model and cannot be used, with the sentence that says why.
struct BrokenModel {
  std::filesystem::path path;
  std::string reason;
};

struct ModelIndex {
  std::vector<FoundModel> models;  ///< that the engine renders with (engine_renders)
  std::vector<FoundModel> others;  ///< adapters, parts of models, models of other families …
  std::vector<BrokenModel> broken;
};

/// Every model directly in one of `folders`, and every one of `folders` that is a model itself:
/// diffusers folders (with a model_index.json), standalone VAEs (with the config.json of an
/// AutoencoderKL), and files of weights (.safetensors, and .ckpt, .pt, .pth, .bin of torch.save),
/// which are called by their name without its extension. In a folder by name. Of two of one name
/// and kind the first one counts, over all folders; the other is listed as broken.
///
/// Only `models` are hashed. Content hashes are kept in `cache_file` by path, size and time of
/// every file, so only new files are read. A cache that is missing, damaged or cannot be written
/// costs time and nothing else.
ModelIndex scan_models(const std::vector<std::filesystem::path>& folders,
                       const std::filesystem::path& cache_file);

/// The same without any hashes.
ModelIndex list_models(const std::vector<std::filesystem::path>& folders);

/// Reads one model folder or file, with its hash. Errors: NotFound if there is none; Invalid,
/// naming the file that is missing, damaged or refused.
Result<FoundModel> read_model(const std::filesystem::path& path);

/// The same without its hash.
Result<FoundModel> find_model(const std::filesystem::path& path);

/// What a model is. Of a file the SHA-256 of all of it; of a folder that of the lines
///
///   furrow-model/1
///   RELATIVE-NAME HEXADECIMAL-SHA256 …   one a file, sorted: configs, vocabularies and weights
///
/// each ended by a new line. Does not depend on where the model is or how it is called, nor on
/// files that no engine reads. Errors: as of reading its files.
Result<Digest> content_hash(const FoundModel& model, FileHashes& hashes);

/// What A1111 calls the hash of a LoRA in a safetensors file (FileHashes::tensors_hash_of); nothing
/// for all else. Errors: as of reading its file.
Result<std::optional<Digest>> lora_hash(const FoundModel& model, FileHashes& hashes);

/// What it takes on the disk. Files that are gone count nothing.
std::uint64_t bytes_on_disk(const FoundModel& model);

}  // namespace furrow::model
