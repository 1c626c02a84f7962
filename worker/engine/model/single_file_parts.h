#pragma once

#include <filesystem>
#include <memory>

#include "common/base/result.h"
#include "worker/engine/model/model_parts.h"

namespace furrow::engine {

/// A whole checkpoint as the folder that it would be. Configs are read off the tensors; what no
/// tensor tells is what the released models of the family have. A file of the same name that ends
/// with .yaml, in the layout of the original release, wins: its parameterization ("v" or "eps") is
/// what the model predicts. The tokenizer is CLIP's, which all of them have.
///
/// Errors: as SingleFile::open; Invalid for a .yaml that is none.
Result<std::unique_ptr<const ModelParts>> open_single_file(const std::filesystem::path& file);

}  // namespace furrow::engine
