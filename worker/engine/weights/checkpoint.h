#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "worker/engine/weights/key_maps.h"
#include "worker/engine/weights/safetensors.h"

namespace furrow::engine::weights {

/// The weights of one network: a file, or several that an index ties together, under the names of
/// the members that they load into. A file is safetensors or, by its extension (.bin, .ckpt, .pt,
/// .pth), one of torch.save, of which nothing is run: see TorchFile. Immutable; the tensors are
/// valid while it lives.
class Checkpoint {
 public:
  struct Entry {
    StoredTensor tensor;
    std::string stored_name;     ///< in the file
    std::filesystem::path file;  ///< that holds it
  };

  using Entries = std::map<std::string, Entry, std::less<>>;

  /// Opens what a diffusers folder keeps under `stem` ("diffusion_pytorch_model", "model"):
  /// STEM.safetensors, STEM.safetensors.index.json with its shards, the same of the fp16 variant,
  /// and only then files of torch.save, in this order. Errors: NotFound naming what was looked for;
  /// Invalid for a broken file and for an index that names what is not there.
  static Result<Checkpoint> open(const std::filesystem::path& folder, std::string_view stem,
                                 const KeyMap& key_map);

  /// Opens one file. Of a file of torch.save these are the tensors of its state dict: what lies
  /// under "params_ema", "params" or "state_dict", the first that is there, else all that it holds.
  static Result<Checkpoint> open_file(const std::filesystem::path& file, const KeyMap& key_map);

  /// One of several files that a network comes in.
  struct Part {
    std::filesystem::path file;
    KeyMap key_map;
  };

  /// Opens several files as one. Requires: at least one. Errors: as open_file; Invalid when two of
  /// them have the same weight.
  static Result<Checkpoint> open_files(const std::vector<Part>& parts);

  /// What to call it in a message: the file, or the index of the shards.
  const std::filesystem::path& path() const { return path_; }

  const Entries& entries() const { return entries_; }

  /// Nothing: there is no tensor for that member.
  const Entry* find(std::string_view name) const;

 private:
  Checkpoint() = default;

  using Tensors = std::map<std::string, StoredTensor, std::less<>>;

  static Result<Checkpoint> open_shards(const std::filesystem::path& index, const KeyMap& key_map);

  Result<void> add(const std::filesystem::path& file, const Tensors& tensors,
                   const KeyMap& key_map);

  std::filesystem::path path_;
  std::vector<std::shared_ptr<const void>> kept_;  // what the entries point into
  Entries entries_;
};

}  // namespace furrow::engine::weights
