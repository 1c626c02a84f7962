#include "common/model/model_folder.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/files.h"
#include "common/base/json.h"
#include "common/model/folder_traits.h"
#include "common/weights/torch_file.h"

namespace furrow::model {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kAutoencoder = "AutoencoderKL";
constexpr std::string_view kDiffusersWeights = "diffusion_pytorch_model";
constexpr std::string_view kTransformersWeights = "model";
/// The VAE of Stable Diffusion has 4 levels; no known one has more than 8.
constexpr std::size_t kMostLevels = 8;
constexpr std::int64_t kMostSamples = 4096;

/// The order in which the engine looks for weights (worker/engine/weights/checkpoint.cpp).
constexpr std::array kWeightsSuffixes = std::to_array<std::string_view>(
    {".safetensors", ".safetensors.index.json", ".fp16.safetensors", ".safetensors.index.fp16.json",
     ".bin", ".bin.index.json", ".fp16.bin", ".pth", ".pt", ".ckpt"});

Unexpected invalid(std::string what) {
  return fail(ErrorKind::Invalid, std::move(what));
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// The files of a split checkpoint, by its index.
Result<std::vector<std::string>> shards_of(const fs::path& index_file) {
  FURROW_TRY(const Json index, read_json_object(index_file));
  const auto map = index.find("weight_map");
  if (map == index.end() || !map->is_object()) {
    return invalid(fmt::format("{} has no weight_map.", index_file.string()));
  }
  std::set<std::string> shards;
  for (const auto& shard : *map) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : std::string();
    if (name.empty() || fs::path(name).filename().string() != name) {
      return invalid(fmt::format("{} names a shard {}, which is not the name of a file beside it.",
                                 index_file.string(), shard.dump()));
    }
    shards.insert(name);
  }
  return std::vector<std::string>(shards.begin(), shards.end());
}

/// Under what names the engine looks for weights, the first that is there first.
std::vector<std::string> weights_names(std::string_view stem) {
  std::vector<std::string> names;
  for (const std::string_view suffix : kWeightsSuffixes) {
    const bool is_of_torch = suffix.find("safetensors") == std::string_view::npos;
    if (is_of_torch && stem == kTransformersWeights)
      names.push_back(fmt::format("pytorch_model{}", suffix));
    names.push_back(fmt::format("{}{}", stem, suffix));
  }
  return names;
}

/// Collects what one model folder is made of.
class FolderReader {
 public:
  explicit FolderReader(fs::path folder) : folder_(std::move(folder)) {}

  Result<ModelFolder> read_pipeline() && {
    FURROW_TRY(const Json index, read_json_object(folder_ / "model_index.json"));
    FURROW_TRY(model_.traits, read_pipeline_traits(folder_, index));
    const FamilyParts parts = parts_of(model_.traits.family);
    FURROW_TRY_VOID(add_required("scheduler/scheduler_config.json"));
    for (const std::string_view part : parts.tokenizers) {
      if (!is_left_out(index, part)) FURROW_TRY_VOID(add_tokenizer(part));
    }
    for (const std::string_view part : parts.text_encoders) {
      if (!is_left_out(index, part)) FURROW_TRY_VOID(add_network(part, kTransformersWeights));
    }
    FURROW_TRY_VOID(read_vae("vae"));
    FURROW_TRY_VOID(add_network(parts.network, kDiffusersWeights));
    FURROW_TRY_VOID(read_default_size(parts.network));
    return finish();
  }

  Result<ModelFolder> read_standalone_vae() && {
    model_.traits.kind = Kind::Vae;
    FURROW_TRY_VOID(read_vae(""));
    return finish();
  }

 private:
  /// Listed as [null, null]: left out on purpose.
  static bool is_left_out(const Json& index, std::string_view part) {
    const auto found = index.find(part);
    return found != index.end() && found->is_array() && !found->empty() && found->front().is_null();
  }

  ModelFolder finish() {
    std::ranges::sort(model_.content);
    std::ranges::sort(model_.traits.parts);
    return std::move(model_);
  }

  Result<void> add_required(const fs::path& file) {
    if (!is_file(folder_ / file)) {
      return invalid(fmt::format("The file {} is missing. Download the model again.",
                                 (folder_ / file).string()));
    }
    model_.content.push_back(file);
    return {};
  }

  void add_optional(const fs::path& file) {
    if (is_file(folder_ / file)) model_.content.push_back(file);
  }

  /// CLIP's vocabulary and merges, or the sentence pieces of T5 in either of their two forms.
  Result<void> add_tokenizer(std::string_view part) {
    const fs::path in(part);
    const bool is_t5 =
        is_file(folder_ / in / "spiece.model") ||
        (is_file(folder_ / in / "tokenizer.json") && !is_file(folder_ / in / "vocab.json"));
    if (is_t5) {
      add_optional(in / "spiece.model");
      add_optional(in / "tokenizer.json");
    } else {
      FURROW_TRY_VOID(add_required(in / "vocab.json"));
      FURROW_TRY_VOID(add_required(in / "merges.txt"));
    }
    for (const char* file :
         {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"})
      add_optional(in / file);
    return {};
  }

  Result<void> add_network(std::string_view part, std::string_view stem) {
    FURROW_TRY_VOID(add_required(fs::path(part) / "config.json"));
    return add_weights(part, stem);
  }

  Result<void> read_vae(const fs::path& part) {
    FURROW_TRY_VOID(add_required(part / "config.json"));
    FURROW_TRY(const Json config, read_json_object(folder_ / part / "config.json"));
    const auto levels = config.find("block_out_channels");
    const bool usable = levels != config.end() && levels->is_array() && !levels->empty() &&
                        levels->size() <= kMostLevels;
    if (!usable) {
      return invalid(fmt::format("{} has no usable block_out_channels.",
                                 (folder_ / part / "config.json").string()));
    }
    // Every level but the last halves the picture.
    model_.traits.vae_factor = std::uint32_t{1} << (levels->size() - 1);
    FURROW_TRY_VOID(add_weights(part, kDiffusersWeights));
    if (part.empty()) model_.traits.parts.emplace_back("vae");
    return {};
  }

  /// Flux has no size of its own in its config.
  Result<void> read_default_size(std::string_view network) {
    Traits& traits = model_.traits;
    const fs::path file = folder_ / network / "config.json";
    FURROW_TRY(const Json config, read_json_object(file));
    const auto samples = config.find("sample_size");
    if (samples == config.end() && network == "transformer") {
      traits.default_size = default_size_of(traits.family, traits.prediction);
      return {};
    }
    const bool usable = samples != config.end() && samples->is_number_integer() && *samples > 0 &&
                        *samples <= kMostSamples;
    if (!usable) return invalid(fmt::format("{} has no usable sample_size.", file.string()));
    traits.default_size = samples->get<std::uint32_t>() * traits.vae_factor;
    return {};
  }

  /// The first weights that the engine would find.
  Result<void> add_weights(const fs::path& part, std::string_view stem) {
    if (!part.empty()) model_.traits.parts.push_back(part.string());
    for (const std::string& name : weights_names(stem)) {
      const fs::path file = part / name;
      if (!is_file(folder_ / file)) continue;
      if (file.extension() == ".json") {
        model_.content.push_back(file);
        return add_shards(part, file);
      }
      return add_weights_file(file);
    }
    return invalid(fmt::format("The weights {} are missing. Download the model again.",
                               (folder_ / part / fmt::format("{}.safetensors", stem)).string()));
  }

  Result<void> add_shards(const fs::path& part, const fs::path& index) {
    FURROW_TRY(const auto shards, shards_of(folder_ / index));
    for (const std::string& shard : shards) FURROW_TRY_VOID(add_weights_file(part / shard));
    return {};
  }

  /// A pickle is looked through at once: whether it is refused should not show only in a render.
  Result<void> add_weights_file(const fs::path& file) {
    FURROW_TRY_VOID(add_required(file));
    if (!engine::weights::has_torch_extension(file)) return {};
    const auto opened = engine::weights::TorchFile::open(folder_ / file);
    return opened ? Result<void>() : Unexpected(opened.error());
  }

  const fs::path folder_;
  ModelFolder model_;
};

bool is_standalone_vae(const fs::path& folder) {
  if (!is_file(folder / "config.json")) return false;
  const auto config = read_json_object(folder / "config.json");
  return config && class_of(*config) == kAutoencoder;
}

}  // namespace

bool looks_like_model(const fs::path& folder) {
  return is_file(folder / "model_index.json") || is_standalone_vae(folder);
}

Result<ModelFolder> open_model_folder(const fs::path& folder) {
  if (is_file(folder / "model_index.json")) return FolderReader(folder).read_pipeline();
  if (is_standalone_vae(folder)) return FolderReader(folder).read_standalone_vae();
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    return fail(ErrorKind::NotFound, fmt::format("There is no folder {}.", folder.string()));
  }
  return invalid(
      fmt::format("{} is not a model: it has neither a model_index.json nor the "
                  "config.json of an {}.",
                  folder.string(), kAutoencoder));
}

}  // namespace furrow::model
