#include "worker/engine/weights/single_file.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/weights/single_file_configs.h"

namespace furrow::engine::weights {

namespace {

// Rows lie one behind the other, so some of them are a part of the bytes.
StoredTensor rows_of(const StoredTensor& tensor, const Piece& piece) {
  if (piece.rows == 0) return tensor;
  const auto row_bytes = tensor.bytes.size() / static_cast<std::size_t>(tensor.shape.front());
  StoredTensor part = tensor;
  part.shape.front() = piece.rows;
  part.bytes = tensor.bytes.substr(static_cast<std::size_t>(piece.first_row) * row_bytes,
                                   static_cast<std::size_t>(piece.rows) * row_bytes);
  return part;
}

}  // namespace

Result<SingleFile> SingleFile::open(const std::filesystem::path& path) {
  FURROW_TRY(auto file, TensorFile::open(path));
  auto map = SingleFileMap::of(shapes_of(file));
  if (!map) {
    return fail(map.error().kind, fmt::format("{} cannot be used as a model: {}.", path.string(),
                                              map.error().message));
  }
  return SingleFile(std::move(file), std::move(map).value());
}

Result<SingleFile> SingleFile::open_autoencoder(const std::filesystem::path& path) {
  FURROW_TRY(auto file, TensorFile::open(path));
  auto map = SingleFileMap::of_autoencoder(shapes_of(file));
  if (!map) {
    return fail(map.error().kind, fmt::format("{} cannot be used as a VAE: {}.", path.string(),
                                              map.error().message));
  }
  return SingleFile(std::move(file), std::move(map).value());
}

SingleFile::SingleFile(TensorFile file, SingleFileMap map)
    : file_(std::move(file)), map_(std::move(map)) {
  for (const auto& [name, tensor] : file_.tensors) {
    if (!map_.place(name, tensor.shape)) unknown_.push_back(name);
  }
}

Result<Checkpoint> SingleFile::component(std::string_view wanted, const KeyMap& key_map) const {
  Checkpoint::Entries entries;
  for (const auto& [name, tensor] : file_.tensors) {
    const auto place = map_.place(name, tensor.shape);
    if (!place || place->component != wanted) continue;
    for (const auto& piece : place->pieces) {
      const auto [at, is_new] = entries.emplace(
          key_map(piece.name),
          Checkpoint::Entry{rows_of(tensor, piece), name, file_.path, piece.change});
      if (is_new) continue;
      return fail(ErrorKind::Invalid,
                  fmt::format("{}: \"{}\" and \"{}\" are the same weight.", file_.path.string(),
                              name, at->second.stored_name));
    }
  }
  if (entries.empty()) {
    return fail(ErrorKind::NotFound,
                fmt::format("{} has no {}. It has {}; what is missing must come from a model's "
                            "folder.",
                            file_.path.string(), wanted, fmt::join(components(), ", ")));
  }
  return Checkpoint::of_entries(file_, std::move(entries));
}

Result<nlohmann::json> SingleFile::config(std::string_view component) const {
  return infer_config(shapes_of(file_), map_, component);
}

}  // namespace furrow::engine::weights
