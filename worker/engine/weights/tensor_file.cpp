#include "worker/engine/weights/tensor_file.h"

#include <array>
#include <string_view>
#include <utility>

#include "worker/engine/weights/torch_file.h"

namespace furrow::engine::weights {

namespace {

// What programs that train call the state dict in a file that holds more; averaged weights first.
constexpr std::array<std::string_view, 3> kStateDicts = {"params_ema.", "params.", "state_dict."};

TensorFile::Tensors state_dict(const TensorFile::Tensors& all) {
  for (const auto prefix : kStateDicts) {
    TensorFile::Tensors found;
    for (auto at = all.lower_bound(prefix); at != all.end(); ++at) {
      const std::string_view name = at->first;
      if (!name.starts_with(prefix)) break;
      found.emplace(name.substr(prefix.size()), at->second);
    }
    if (!found.empty()) return found;
  }
  return all;
}

}  // namespace

Result<TensorFile> TensorFile::open(const std::filesystem::path& file) {
  if (has_torch_extension(file)) {
    FURROW_TRY(auto opened, TorchFile::open(file));
    auto tensors = state_dict(opened.tensors());
    return TensorFile{
        file, std::move(tensors), {}, std::make_shared<const TorchFile>(std::move(opened))};
  }
  FURROW_TRY(auto opened, SafetensorsFile::open(file));
  auto tensors = opened.tensors();
  auto metadata = opened.metadata();
  return TensorFile{file, std::move(tensors), std::move(metadata),
                    std::make_shared<const SafetensorsFile>(std::move(opened))};
}

}  // namespace furrow::engine::weights
