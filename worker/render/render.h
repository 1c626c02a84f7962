#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "worker/agent/engine_process.h"

namespace furrow::worker {

struct RenderOptions {
  std::filesystem::path model;  ///< a model folder
  std::optional<std::filesystem::path>
      vae;                       ///< a folder to take the VAE from; the model's own otherwise
  std::filesystem::path recipe;  ///< JSON, see common/spec/recipe_json.h
  std::vector<std::filesystem::path> pictures;  ///< that the recipe may begin with
  std::vector<std::filesystem::path> weights;   ///< LoRAs, refiners, upscalers that it may name
  std::filesystem::path out;                    ///< the PNG to write
  EngineCommand engine;
  std::string device;
};

/// Renders one recipe with no farm: starts an engine, gives it one cell, shows its progress on
/// stderr and writes the picture. The recipe's model is the one in `model`, whatever the file calls
/// it. Errors: Invalid, a folder or the recipe cannot be used, each fault a line; Io, the picture
/// cannot be written; OutOfMemory, Timeout, Internal …, as the engine failed.
Result<void> render_recipe(const RenderOptions& options);

}  // namespace furrow::worker
