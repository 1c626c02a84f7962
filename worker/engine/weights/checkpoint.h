#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/weights/module_map.h"
#include "common/weights/tensor_file.h"
#include "worker/engine/weights/key_maps.h"

namespace furrow::engine::weights {

/// The weights of one network: a file, or several that an index ties together, under the names of
/// the members that they load into. Immutable; the tensors are valid while it lives.
class Checkpoint {
 public:
  struct Entry {
    StoredTensor tensor;
    std::string stored_name;     ///< in the file
    std::filesystem::path file;  ///< that holds it
    Change change = Change::None;
  };

  using Entries = std::map<std::string, Entry, std::less<>>;

  /// Opens what a diffusers folder keeps under `stem` ("diffusion_pytorch_model", "model"):
  /// STEM.safetensors, STEM.safetensors.index.json with its shards, the same of the fp16 variant,
  /// and only then files of torch.save, in this order. Errors: NotFound naming what was looked for;
  /// Invalid for a broken file and for an index that names what is not there.
  static Result<Checkpoint> open(const std::filesystem::path& folder, std::string_view stem,
                                 const KeyMap& key_map);

  /// Opens one file. Errors: as TensorFile::open.
  static Result<Checkpoint> open_file(const std::filesystem::path& file, const KeyMap& key_map);

  /// One of several files that a network comes in.
  struct Part {
    std::filesystem::path file;
    KeyMap key_map;
  };

  /// Opens several files as one. Requires: at least one. Errors: as open_file; Invalid when two of
  /// them have the same weight.
  static Result<Checkpoint> open_files(const std::vector<Part>& parts);

  /// Tensors of a file under other names.
  static Checkpoint of_entries(const TensorFile& file, Entries entries);

  /// What to call it in a message: the file, or the index of the shards.
  const std::filesystem::path& path() const { return path_; }

  const Entries& entries() const { return entries_; }

  /// What the tensors of all entries point into; whoever keeps it may keep them.
  std::shared_ptr<const void> memory() const;

  /// Nothing: there is no tensor for that member.
  const Entry* find(std::string_view name) const;

 private:
  Checkpoint() = default;

  static Result<Checkpoint> open_shards(const std::filesystem::path& index, const KeyMap& key_map);

  Result<void> add(const TensorFile& file, const KeyMap& key_map);

  std::filesystem::path path_;
  std::vector<std::shared_ptr<const void>> memory_;  // what the entries point into
  Entries entries_;
};

}  // namespace furrow::engine::weights
