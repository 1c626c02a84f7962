#pragma once

#include <filesystem>
#include <vector>

#include "common/base/result.h"
#include "common/model/traits.h"

namespace furrow::model {

/// What a diffusers folder holds, by its configs; no weights are read.
struct ModelFolder {
  Traits traits;
  /// The files that decide what the model does, relative to the folder, sorted: configs,
  /// vocabularies and the weights that are loaded.
  std::vector<std::filesystem::path> content;
};

/// Whether a folder claims to be a model: it has a model_index.json, or a config.json of an
/// AutoencoderKL.
bool looks_like_model(const std::filesystem::path& folder);

/// Errors: NotFound; Invalid, naming the file that is missing or damaged, or the model's class when
/// it is of no family that is known.
Result<ModelFolder> open_model_folder(const std::filesystem::path& folder);

}  // namespace furrow::model
