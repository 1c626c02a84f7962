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

namespace furrow::model {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kPipeline = "StableDiffusionPipeline";
constexpr std::string_view kAutoencoder = "AutoencoderKL";
constexpr std::string_view kDiffusersWeights = "diffusion_pytorch_model";
constexpr std::string_view kTransformersWeights = "model";
/// The VAE of Stable Diffusion has 4 levels; no known one has more than 8.
constexpr std::size_t kMostLevels = 8;
constexpr std::int64_t kMostSamples = 4096;

/// The order in which the engine looks for weights (worker/engine/weights/checkpoint.h).
constexpr std::array kWeightsSuffixes =
    std::to_array<std::string_view>({".safetensors", ".safetensors.index.json", ".fp16.safetensors",
                                     ".safetensors.index.fp16.json"});
constexpr std::array kPickleSuffixes =
    std::to_array<std::string_view>({".bin", ".fp16.bin", ".ckpt", ".pt", ".bin.index.json"});
/// What checkpoints and the like are called that are pickles as a whole.
constexpr std::array kPickleFiles =
    std::to_array<std::string_view>({".ckpt", ".bin", ".pt", ".pth"});

Unexpected invalid(std::string what) {
  return fail(ErrorKind::Invalid, std::move(what));
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

Result<Json> read_json(const fs::path& path) {
  if (!is_file(path)) return invalid(fmt::format("The file {} is missing.", path.string()));
  FURROW_TRY(const std::string text, read_file(path));
  Json json = parse_json(text);
  if (!json.is_object()) return invalid(fmt::format("{} is not a JSON object.", path.string()));
  return json;
}

std::string class_of(const Json& config) {
  const auto name = config.find("_class_name");
  return name != config.end() && name->is_string() ? name->get<std::string>() : std::string();
}

/// The files of a split checkpoint, by its index.
Result<std::vector<std::string>> shards_of(const fs::path& index_file) {
  FURROW_TRY(const Json index, read_json(index_file));
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

/// Collects what one model folder is made of.
class FolderReader {
 public:
  explicit FolderReader(fs::path folder) : folder_(std::move(folder)) {}

  Result<ModelFolder> read_pipeline() && {
    FURROW_TRY(const Json index, read_json(folder_ / "model_index.json"));
    if (class_of(index) != kPipeline) {
      return invalid(
          fmt::format("{} is a {}, which is not supported yet. Furrow renders {} (Stable Diffusion "
                      "1.x).",
                      folder_.string(),
                      class_of(index).empty() ? "model of no class" : class_of(index), kPipeline));
    }
    model_.family = "sd1";
    FURROW_TRY_VOID(add_required("tokenizer/vocab.json"));
    FURROW_TRY_VOID(add_required("tokenizer/merges.txt"));
    FURROW_TRY_VOID(add_required("scheduler/scheduler_config.json"));
    FURROW_TRY_VOID(add_required("text_encoder/config.json"));
    FURROW_TRY_VOID(add_weights("text_encoder", kTransformersWeights));
    FURROW_TRY_VOID(read_vae("vae"));
    FURROW_TRY_VOID(read_unet());
    for (const char* optional :
         {"tokenizer/tokenizer_config.json", "tokenizer/special_tokens_map.json",
          "tokenizer/added_tokens.json"}) {
      if (is_file(folder_ / optional)) model_.content.emplace_back(optional);
    }
    return finish();
  }

  Result<ModelFolder> read_standalone_vae() && {
    model_.vae_only = true;
    FURROW_TRY_VOID(read_vae(""));
    return finish();
  }

 private:
  ModelFolder finish() {
    std::ranges::sort(model_.content);
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

  Result<void> read_vae(const fs::path& part) {
    FURROW_TRY_VOID(add_required(part / "config.json"));
    FURROW_TRY(const Json config, read_json(folder_ / part / "config.json"));
    const auto levels = config.find("block_out_channels");
    const bool usable = levels != config.end() && levels->is_array() && !levels->empty() &&
                        levels->size() <= kMostLevels;
    if (!usable) {
      return invalid(fmt::format("{} has no usable block_out_channels.",
                                 (folder_ / part / "config.json").string()));
    }
    // Every level but the last halves the picture.
    model_.vae_factor = std::uint32_t{1} << (levels->size() - 1);
    return add_weights(part, kDiffusersWeights);
  }

  Result<void> read_unet() {
    FURROW_TRY_VOID(add_required("unet/config.json"));
    const fs::path file = folder_ / "unet/config.json";
    FURROW_TRY(const Json config, read_json(file));
    if (config.value("in_channels", Json(4)) != 4) {
      return invalid(
          fmt::format("The UNet of {} takes {} channels: an inpainting or editing model, "
                      "which is not supported yet.",
                      folder_.string(), config["in_channels"].dump()));
    }
    if (config.value("use_linear_projection", Json(false)) == true) {
      return invalid(fmt::format("{} is a Stable Diffusion 2 model, which is not supported yet.",
                                 folder_.string()));
    }
    const auto samples = config.find("sample_size");
    const bool usable = samples != config.end() && samples->is_number_integer() && *samples > 0 &&
                        *samples <= kMostSamples;
    if (!usable) return invalid(fmt::format("{} has no usable sample_size.", file.string()));
    model_.default_size = samples->get<std::uint32_t>() * model_.vae_factor;
    return add_weights("unet", kDiffusersWeights);
  }

  /// The first weights that the engine would find.
  Result<void> add_weights(const fs::path& part, std::string_view stem) {
    const auto named = [&](std::string_view suffix) {
      return part / fmt::format("{}{}", stem, suffix);
    };
    for (const std::string_view suffix : kWeightsSuffixes) {
      const fs::path file = named(suffix);
      if (!is_file(folder_ / file)) continue;
      model_.content.push_back(file);
      return file.extension() == ".json" ? add_shards(part, file) : Result<void>();
    }
    return no_weights(part, stem);
  }

  Result<void> add_shards(const fs::path& part, const fs::path& index) {
    FURROW_TRY(const auto shards, shards_of(folder_ / index));
    for (const std::string& shard : shards) FURROW_TRY_VOID(add_required(part / shard));
    return {};
  }

  Result<void> no_weights(const fs::path& part, std::string_view stem) {
    for (const std::string_view pickle_stem : {stem, std::string_view("pytorch_model")}) {
      for (const std::string_view suffix : kPickleSuffixes) {
        const fs::path pickle = folder_ / part / fmt::format("{}{}", pickle_stem, suffix);
        if (!is_file(pickle)) continue;
        return invalid(fmt::format(
            "{} is refused: it is a pickle, and a pickle can run any code when it is read. Get the "
            "model with .safetensors weights.",
            pickle.string()));
      }
    }
    return invalid(fmt::format("The weights {} are missing. Download the model again.",
                               (folder_ / part / fmt::format("{}.safetensors", stem)).string()));
  }

  const fs::path folder_;
  ModelFolder model_;
};

bool is_standalone_vae(const fs::path& folder) {
  if (!is_file(folder / "config.json")) return false;
  const auto config = read_json(folder / "config.json");
  return config && class_of(*config) == kAutoencoder;
}

}  // namespace

bool looks_like_model(const fs::path& folder) {
  return is_file(folder / "model_index.json") || is_standalone_vae(folder);
}

std::optional<std::string> why_no_model(const fs::path& file) {
  const std::string suffix = file.extension().string();
  if (suffix == ".safetensors") {
    return fmt::format(
        "{} is a model in one file, which is not supported yet. Use a diffusers folder.",
        file.string());
  }
  if (std::ranges::find(kPickleFiles, suffix) == kPickleFiles.end()) return std::nullopt;
  return fmt::format(
      "{} is refused: it is a pickle, and a pickle can run any code when it is read. Get the model "
      "as .safetensors in a diffusers folder.",
      file.string());
}

Result<ModelFolder> open_model_folder(const fs::path& folder) {
  if (is_file(folder / "model_index.json")) return FolderReader(folder).read_pipeline();
  if (is_standalone_vae(folder)) return FolderReader(folder).read_standalone_vae();
  std::error_code ignored;
  if (is_file(folder)) {
    return invalid(why_no_model(folder).value_or(
        fmt::format("{} is a file. A model is a folder.", folder.string())));
  }
  if (!fs::is_directory(folder, ignored)) {
    return fail(ErrorKind::NotFound, fmt::format("There is no folder {}.", folder.string()));
  }
  return invalid(
      fmt::format("{} is not a model: it has neither a model_index.json nor the "
                  "config.json of an {}.",
                  folder.string(), kAutoencoder));
}

}  // namespace furrow::model
