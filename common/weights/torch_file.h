#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/weights/safetensors.h"

namespace furrow::engine::weights {

/// A file of torch.save (.pth, .pt, .ckpt, .bin), mapped into memory and checked: a zip archive
/// with a pickle and the storages beside it (PyTorch 1.6 and newer), or several pickles and then
/// the storages (before). Nothing in it is run; see pickle.h. Immutable, cheap to copy, any thread.
class TorchFile {
 public:
  using Tensors = std::map<std::string, StoredTensor, std::less<>>;

  /// Errors: NotFound or Io from the disk; Invalid with a sentence that names the file and what in
  /// it is damaged or refused.
  static Result<TorchFile> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }

  /// Every tensor under the keys that lead to it, joined by dots ("state_dict.conv_in.weight").
  /// What is no tensor is left out.
  const Tensors& tensors() const { return tensors_; }

  /// Nothing: the file has no tensor of that name.
  const StoredTensor* find(std::string_view name) const;

 private:
  TorchFile() = default;

  std::filesystem::path path_;
  std::shared_ptr<const void> memory_;  // what every StoredTensor points into
  Tensors tensors_;
};

/// Whether a file is one by its name: ".bin", ".ckpt", ".pt", ".pth".
bool has_torch_extension(const std::filesystem::path& file);

}  // namespace furrow::engine::weights
