#pragma once

#include <filesystem>

#include "common/base/result.h"
#include "common/model/traits.h"
#include "common/weights/tensor_file.h"

namespace furrow::model {

/// A file of weights and what it is. Only the header has been read.
struct ModelFile {
  Traits traits;
  engine::weights::TensorFile file;
};

/// Whether a file holds weights by its extension: .safetensors, or .ckpt, .pt, .pth and .bin of
/// torch.save.
bool is_weights_file(const std::filesystem::path& file);

/// A .yaml beside a checkpoint wins over what its tensors say of the prediction.
///
/// Errors: NotFound or Io from the disk; Invalid with one sentence that names the file, when it is
/// damaged, refused (pickles) or nothing that is known, or its .yaml is none.
Result<ModelFile> open_model_file(const std::filesystem::path& file);

}  // namespace furrow::model
