#include "common/model/model_details.h"

#include "common/model/model_file.h"
#include "common/weights/single_file_map.h"
#include "common/weights/tensor_file.h"

namespace furrow::model {

namespace {

namespace weights = engine::weights;

void count(const weights::TensorFile& file, ModelDetails& details) {
  for (const auto& [name, tensor] : file.tensors) {
    const std::uint64_t elements = tensor.bytes.size() / weights::size_of(tensor.dtype);
    ++details.tensors;
    details.parameters += elements;
    details.precision[std::string(weights::name_of(tensor.dtype))] += elements;
  }
}

std::vector<std::string> unknown_tensors(const weights::TensorFile& file) {
  const auto map = weights::SingleFileMap::of(weights::shapes_of(file));
  std::vector<std::string> unknown;
  if (!map) return unknown;
  for (const auto& [name, tensor] : file.tensors) {
    if (!map->place(name, tensor.shape)) unknown.push_back(name);
  }
  return unknown;
}

}  // namespace

Result<ModelDetails> read_details(const FoundModel& model) {
  ModelDetails details;
  if (model.layout == Layout::SingleFile) {
    FURROW_TRY(const auto file, weights::TensorFile::open(model.path));
    count(file, details);
    const bool has_network =
        model.traits.kind == Kind::Checkpoint || model.traits.kind == Kind::Network;
    if (has_network) details.unknown = unknown_tensors(file);
    details.metadata = file.metadata;
    return details;
  }
  for (const auto& name : model.content) {
    if (!is_weights_file(name)) continue;
    FURROW_TRY(const auto file, weights::TensorFile::open(model.path / name));
    count(file, details);
  }
  return details;
}

}  // namespace furrow::model
