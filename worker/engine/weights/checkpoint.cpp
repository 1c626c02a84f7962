#include "worker/engine/weights/checkpoint.h"

#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/files.h"
#include "common/base/json.h"

namespace furrow::engine::weights {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct ShardIndex {
  std::map<std::string, std::string> shard_of;  // tensor name → file name
  std::set<std::string> shards;
};

Result<ShardIndex> read_index(const fs::path& path) {
  FURROW_TRY(const auto text, read_file(path));
  ShardIndex index;
  const json document = parse_json(text);
  if (document.is_discarded()) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} is not an index of shards: it is not JSON, or nested more than {} "
                            "deep.",
                            path.string(), kMaxJsonDepth));
  }
  try {
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
                         const TensorFile::Tensors& tensors) {
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
    FURROW_TRY(auto opened, TensorFile::open(part.file));
    FURROW_TRY_VOID(checkpoint.add(opened, part.key_map));
    checkpoint.memory_.push_back(std::move(opened.memory));
  }
  return checkpoint;
}

Result<Checkpoint> Checkpoint::open_shards(const fs::path& path, const KeyMap& key_map) {
  FURROW_TRY(const auto index, read_index(path));
  Checkpoint checkpoint;
  checkpoint.path_ = path;
  for (const auto& shard : index.shards) {
    FURROW_TRY(auto opened, TensorFile::open(path.parent_path() / shard));
    FURROW_TRY_VOID(check_shard(path, index, shard, opened.tensors));
    FURROW_TRY_VOID(checkpoint.add(opened, key_map));
    checkpoint.memory_.push_back(std::move(opened.memory));
  }
  return checkpoint;
}

Checkpoint Checkpoint::of_entries(const TensorFile& file, Entries entries) {
  Checkpoint checkpoint;
  checkpoint.path_ = file.path;
  checkpoint.memory_.push_back(file.memory);
  checkpoint.entries_ = std::move(entries);
  return checkpoint;
}

std::shared_ptr<const void> Checkpoint::memory() const {
  if (memory_.size() == 1) return memory_.front();
  return std::make_shared<const std::vector<std::shared_ptr<const void>>>(memory_);
}

Result<void> Checkpoint::add(const TensorFile& file, const KeyMap& key_map) {
  for (const auto& [stored_name, tensor] : file.tensors) {
    const auto [at, is_new] =
        entries_.emplace(key_map(stored_name), Entry{tensor, stored_name, file.path, Change::None});
    if (!is_new) {
      return fail(
          ErrorKind::Invalid,
          fmt::format("{}: \"{}\" and \"{}\" of {} are the same weight.", file.path.string(),
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
