#include "worker/engine/weights/checkpoint.h"

#include <array>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/files.h"

namespace furrow::engine::weights {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array<std::string_view, 4> kPickleExtensions = {".bin", ".ckpt", ".pt", ".pth"};

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
Result<void> check_shard(const fs::path& path, const ShardIndex& index,
                         const SafetensorsFile& file) {
  const auto shard = file.path().filename().string();
  for (const auto& [tensor, listed_in] : index.shard_of) {
    if (listed_in == shard && file.find(tensor) == nullptr) {
      return fail(ErrorKind::Invalid,
                  fmt::format("{} says that tensor \"{}\" is in {}, and it is not.", path.string(),
                              tensor, shard));
    }
  }
  return {};
}

Unexpected nothing_found(const fs::path& folder, std::string_view stem) {
  for (const auto extension : kPickleExtensions) {
    const auto pickle =
        folder / (std::string(stem == "model" ? "pytorch_model" : stem) + std::string(extension));
    if (fs::exists(pickle)) return refuse_pickle(pickle).unexpected();
  }
  return fail(ErrorKind::NotFound,
              fmt::format("{} has no weights: neither {}.safetensors nor {}.safetensors.index.json "
                          "is there.",
                          folder.string(), stem, stem));
}

}  // namespace

Result<void> refuse_pickle(const fs::path& file) {
  for (const auto extension : kPickleExtensions) {
    if (file.extension() != extension) continue;
    return fail(
        ErrorKind::Invalid,
        fmt::format("{} is a pickle, which is refused: opening one runs whatever program is "
                    "inside. Use the model's .safetensors file instead.",
                    file.string()));
  }
  return {};
}

Result<Checkpoint> Checkpoint::open_file(const fs::path& file, KeyMap key_map) {
  FURROW_TRY_VOID(refuse_pickle(file));
  FURROW_TRY(const auto opened, SafetensorsFile::open(file));
  Checkpoint checkpoint;
  checkpoint.path_ = file;
  FURROW_TRY_VOID(checkpoint.add(opened, key_map));
  return checkpoint;
}

Result<Checkpoint> Checkpoint::open(const fs::path& folder, std::string_view stem, KeyMap key_map) {
  const std::string name(stem);
  for (const auto* suffix : {".safetensors", ".safetensors.index.json", ".fp16.safetensors",
                             ".safetensors.index.fp16.json"}) {
    const auto path = folder / (name + suffix);
    if (!fs::exists(path)) continue;
    if (path.extension() != ".json") return open_file(path, key_map);

    FURROW_TRY(const auto index, read_index(path));
    Checkpoint checkpoint;
    checkpoint.path_ = path;
    for (const auto& shard : index.shards) {
      FURROW_TRY_VOID(refuse_pickle(folder / shard));
      FURROW_TRY(const auto file, SafetensorsFile::open(folder / shard));
      FURROW_TRY_VOID(check_shard(path, index, file));
      FURROW_TRY_VOID(checkpoint.add(file, key_map));
    }
    return checkpoint;
  }
  return nothing_found(folder, stem);
}

Checkpoint Checkpoint::of_entries(const SafetensorsFile& file, Entries entries) {
  Checkpoint checkpoint;
  checkpoint.path_ = file.path();
  checkpoint.files_.push_back(file);
  checkpoint.entries_ = std::move(entries);
  return checkpoint;
}

Result<void> Checkpoint::add(const SafetensorsFile& file, KeyMap key_map) {
  for (const auto& [stored_name, tensor] : file.tensors()) {
    const auto [at, is_new] = entries_.emplace(
        key_map(stored_name), Entry{tensor, stored_name, file.path(), Change::None});
    if (!is_new) {
      return fail(
          ErrorKind::Invalid,
          fmt::format("{}: \"{}\" and \"{}\" of {} are the same weight.", file.path().string(),
                      stored_name, at->second.stored_name, at->second.file.string()));
    }
  }
  files_.push_back(file);
  return {};
}

const Checkpoint::Entry* Checkpoint::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

}  // namespace furrow::engine::weights
