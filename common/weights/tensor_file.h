#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/weights/safetensors.h"
#include "common/weights/shape.h"

namespace furrow::engine::weights {

/// The tensors of a file of any format: safetensors or, by its extension (.bin, .ckpt, .pt, .pth),
/// one of torch.save, of which nothing is run (TorchFile). Cheap to copy; the tensors are valid
/// while a copy lives.
struct TensorFile {
  using Tensors = std::map<std::string, StoredTensor, std::less<>>;

  std::filesystem::path path;
  Tensors tensors;  ///< of a file of torch.save those of its state dict: what lies under
                    ///< "params_ema", "params" or "state_dict", the first that is there, else all
  std::map<std::string, std::string> metadata;  ///< the free text of a safetensors header
  std::shared_ptr<const void> memory;           ///< what the tensors point into

  /// Errors: NotFound or Io from the disk; Invalid with a sentence that names the file.
  static Result<TensorFile> open(const std::filesystem::path& file);
};

/// The names and shapes in a file's header.
TensorShapes shapes_of(const TensorFile& file);

}  // namespace furrow::engine::weights
