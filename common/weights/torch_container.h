#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/weights/pickle.h"

namespace furrow::engine::weights {

/// The parts of a file of torch.save: the pickle, and the bytes of the storages that it refers to,
/// each as long as the pickle says. Valid while the file's bytes live.
struct TorchContainer {
  pickle::Pickle pickle;
  std::map<std::string, std::string_view, std::less<>> storages;  // by key
};

/// Errors: Invalid, a sentence without the file's name.
Result<TorchContainer> read_torch_container(std::string_view file);

}  // namespace furrow::engine::weights
