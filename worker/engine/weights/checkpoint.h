#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "worker/engine/weights/key_maps.h"
#include "worker/engine/weights/module_map.h"
#include "worker/engine/weights/safetensors.h"

namespace furrow::engine::weights {

/// The weights of one network: a safetensors file, or several that an index ties together, under
/// the names of the members that they load into. Immutable; the tensors are valid while it lives.
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
  /// STEM.safetensors, STEM.safetensors.index.json with its shards, or the same of the fp16
  /// variant, in this order. Errors: NotFound naming what was looked for; Invalid for a broken
  /// file, for an index that names what is not there, and for a folder that has only pickles, with
  /// the reason why they are refused.
  static Result<Checkpoint> open(const std::filesystem::path& folder, std::string_view stem,
                                 KeyMap key_map);

  /// Opens one safetensors file.
  static Result<Checkpoint> open_file(const std::filesystem::path& file, KeyMap key_map);

  /// Tensors of a file under other names.
  static Checkpoint of_entries(const SafetensorsFile& file, Entries entries);

  /// What to call it in a message: the file, or the index of the shards.
  const std::filesystem::path& path() const { return path_; }

  const Entries& entries() const { return entries_; }

  /// Nothing: there is no tensor for that member.
  const Entry* find(std::string_view name) const;

 private:
  Checkpoint() = default;

  Result<void> add(const SafetensorsFile& file, KeyMap key_map);

  std::filesystem::path path_;
  std::vector<SafetensorsFile> files_;  // keep what the entries point into
  Entries entries_;
};

/// Refuses a pickle (.ckpt, .bin, .pt, .pth) by name: opening one runs whatever program it holds.
/// Any other file passes.
Result<void> refuse_pickle(const std::filesystem::path& file);

}  // namespace furrow::engine::weights
