#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/weights/single_file_map.h"
#include "common/weights/tensor_file.h"
#include "worker/engine/weights/checkpoint.h"

namespace furrow::engine::weights {

/// A whole checkpoint in an original layout, read as if it were a diffusers folder. Nothing is
/// copied or converted before a network is loaded from a component. Immutable; any thread.
class SingleFile {
 public:
  /// Errors: NotFound or Io from the disk; Invalid for a broken file and for one that is no
  /// checkpoint of a known family, naming the file and saying what it is.
  static Result<SingleFile> open(const std::filesystem::path& file);

  /// Opens the autoencoder alone of a file (SingleFileMap::of_autoencoder). Errors: as open.
  static Result<SingleFile> open_autoencoder(const std::filesystem::path& file);

  const ModelTraits& traits() const { return map_.traits(); }

  std::vector<std::string> components() const { return map_.components(); }

  /// The weights of one component under the names of a diffusers folder, each then through
  /// `key_map`. Errors: NotFound, when the file has no such component, listing those that it has.
  Result<Checkpoint> component(std::string_view name, const KeyMap& key_map = same_key) const;

  /// The config.json that a component would have. Errors: as infer_config.
  Result<nlohmann::json> config(std::string_view component) const;

  /// Tensors that belong to nothing that is known: people should be told of them.
  const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  SingleFile(TensorFile file, SingleFileMap map);

  TensorFile file_;
  SingleFileMap map_;
  std::vector<std::string> unknown_;
};

}  // namespace furrow::engine::weights
