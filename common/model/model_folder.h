#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace furrow::model {

/// What a model folder holds, by its configs; no weights are read.
struct ModelFolder {
  std::string family;              ///< "sd1"
  std::uint32_t vae_factor = 0;    ///< pixels a latent cell
  std::uint32_t default_size = 0;  ///< pixels of a side
  bool vae_only = false;
  /// The files that decide what the model does, relative to the folder, sorted: configs,
  /// vocabularies and the weights that are loaded.
  std::vector<std::filesystem::path> content;
};

/// Whether a folder claims to be a model: it has a model_index.json, or a config.json of an
/// AutoencoderKL.
bool looks_like_model(const std::filesystem::path& folder);

/// Why a file is no model, when people may take it for one: weights in one file, a pickle.
std::optional<std::string> why_no_model(const std::filesystem::path& file);

/// Errors: NotFound; Invalid, naming the file that is missing, damaged or refused, or the model's class when
/// furrow does not support it yet.
Result<ModelFolder> open_model_folder(const std::filesystem::path& folder);

}  // namespace furrow::model
