#pragma once

#include <filesystem>
#include <vector>

#include "common/base/result.h"
#include "furrow/v1/engine.pb.h"
#include "furrow/v1/recipe.pb.h"

namespace furrow::worker {

/// Where to look for what a recipe names besides its model and VAE.
struct FilesAtHand {
  std::vector<std::filesystem::path> pictures;  ///< given by the user
  std::vector<std::filesystem::path> weights;   ///< given by the user: LoRAs, refiners, upscalers
  std::filesystem::path folder;                 ///< of the recipe: pictures may lie beside it
};

/// Finds every picture, LoRA, refiner and upscaler of a recipe, and fills in the hashes that it
/// leaves out. What has a hash is found by it, under any name; what has none by its name: a
/// picture's is a file name or a path from `folder`, that of weights a file name, with its
/// extension or without. A picture may also be in `folder`, called by its hash.
///
/// Errors: every fault, one a line: NotFound, naming what no file is; Invalid, a picture that is
/// none or too large; Io.
Result<std::vector<v1::LocalFile>> find_named_files(v1::Recipe& recipe, const FilesAtHand& at_hand);

}  // namespace furrow::worker
