#include "worker/engine/weights/checkpoint.h"

#include <array>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/files.h"
#include "worker/engine/weights/torch_file.h"

namespace furrow::engine::weights {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

using Tensors = std::map<std::string, StoredTensor, std::less<>>;

// What programs that train call the state dict in a file that holds more; averaged weights first.
constexpr std::array<std::string_view, 3> kStateDicts = {"params_ema.", "params.", "state_dict."};

/// A file's tensors, and the file.
struct OpenedFile {
  Tensors tensors;
  std::shared_ptr<const void> kept;
};

Tensors state_dict(const Tensors& all) {
  for (const auto prefix : kStateDicts) {
    Tensors found;
    for (auto at = all.lower_bound(prefix); at != all.end(); ++at) {
      const std::string_view name = at->first;
      if (name.substr(0, prefix.size()) != prefix) break;
      found.emplace(name.substr(prefix.size()), at->second);
    }
    if (!found.empty()) return found;
  }
  return all;
}

Result<OpenedFile> open_any(const fs::path& file) {
  if (has_torch_extension(file)) {
    FURROW_TRY(auto opened, TorchFile::open(file));
    auto tensors = state_dict(opened.tensors());
    return OpenedFile{std::move(tensors), std::make_shared<const TorchFile>(std::move(opened))};
  }
  FURROW_TRY(auto opened, SafetensorsFile::open(file));
  auto tensors = opened.tensors();
  return OpenedFile{std::move(tensors), std::make_shared<const SafetensorsFile>(std::move(opened))};
}

struct ShardIndex {
  std::map<std::string, std::string> shard_of;  // tensor name → file name
  std::set<std::string> shards;
};

Result<ShardIndex> read_index(const fs::path& path) {
  FURROW_TRY(const auto text, read_file(path));
  ShardIndex index;
  try {
    const json document = json::parse(text);
    for (const auto& [tensor, shard] : document.at("weight_map").items()) {
      const auto name = shard.get<std::string>();
      // A shard lies beside its index; anything else would reach out of the model's folder.
      if (fs::path(name).filename() != name) {
        return fail(
            ErrorKind::Invalid,
            fmt::format("{}: \"{}\" is not the name of a file beside it.", path.string(), name));
      }
      index.shard_of.emplace(tensor, name);
      index.shards.insert(name);
    }
  } catch (const json::exception& e) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} is not an index of shards: {}", path.string(), e.what()));
  }
  return index;
}

// The index and the shards must tell of the same tensors.
Result<void> check_shard(const fs::path& path, const ShardIndex& index, const std::string& shard,
                         const Tensors& tensors) {
  for (const auto& [tensor, listed_in] : index.shard_of) {
    if (listed_in == shard && tensors.find(tensor) == tensors.end()) {
      return fail(ErrorKind::Invalid,
                  fmt::format("{} says that tensor \"{}\" is in {}, and it is not.", path.string(),
                              tensor, shard));
    }
  }
  return {};
}

// Under what names a folder may keep its weights, the best first.
std::vector<std::string> candidates(std::string_view stem) {
  std::vector<std::string> names;
  for (const auto* ending : {".safetensors", ".safetensors.index.json", ".fp16.safetensors",
                             ".safetensors.index.fp16.json", ".bin", ".bin.index.json", ".fp16.bin",
                             ".pth", ".pt", ".ckpt"}) {
    const bool is_of_torch = std::string_view(ending).find("safetensors") == std::string::npos;
    if (is_of_torch && stem == "model") names.push_back(fmt::format("pytorch_model{}", ending));
    names.push_back(fmt::format("{}{}", stem, ending));
  }
  return names;
}

}  // namespace

Result<Checkpoint> Checkpoint::open(const fs::path& folder, std::string_view stem,
                                    const KeyMap& key_map) {
  for (const auto& name : candidates(stem)) {
    const auto path = folder / name;
    if (!fs::exists(path)) continue;
    return path.extension() == ".json" ? open_shards(path, key_map) : open_file(path, key_map);
  }
  return fail(ErrorKind::NotFound,
              fmt::format("{} has no weights: neither {}.safetensors nor {}.safetensors.index.json "
                          "is there.",
                          folder.string(), stem, stem));
}

Result<Checkpoint> Checkpoint::open_file(const fs::path& file, const KeyMap& key_map) {
  return open_files({{file, key_map}});
}

Result<Checkpoint> Checkpoint::open_files(const std::vector<Part>& parts) {
  Checkpoint checkpoint;
  checkpoint.path_ = parts.front().file;
  for (const auto& part : parts) {
    FURROW_TRY(auto opened, open_any(part.file));
    FURROW_TRY_VOID(checkpoint.add(part.file, opened.tensors, part.key_map));
    checkpoint.kept_.push_back(std::move(opened.kept));
  }
  return checkpoint;
}

Result<Checkpoint> Checkpoint::open_shards(const fs::path& path, const KeyMap& key_map) {
  FURROW_TRY(const auto index, read_index(path));
  Checkpoint checkpoint;
  checkpoint.path_ = path;
  for (const auto& shard : index.shards) {
    const auto file = path.parent_path() / shard;
    FURROW_TRY(auto opened, open_any(file));
    FURROW_TRY_VOID(check_shard(path, index, shard, opened.tensors));
    FURROW_TRY_VOID(checkpoint.add(file, opened.tensors, key_map));
    checkpoint.kept_.push_back(std::move(opened.kept));
  }
  return checkpoint;
}

Result<void> Checkpoint::add(const fs::path& file, const Tensors& tensors, const KeyMap& key_map) {
  for (const auto& [stored_name, tensor] : tensors) {
    const auto [at, is_new] =
        entries_.emplace(key_map(stored_name), Entry{tensor, stored_name, file});
    if (!is_new) {
      return fail(ErrorKind::Invalid,
                  fmt::format("{}: \"{}\" and \"{}\" of {} are the same weight.", file.string(),
                              stored_name, at->second.stored_name, at->second.file.string()));
    }
  }
  return {};
}

const Checkpoint::Entry* Checkpoint::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

}  // namespace furrow::engine::weights
