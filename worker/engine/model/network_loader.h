#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "worker/engine/model/loaded.h"
#include "worker/engine/model/model_parts.h"
#include "worker/engine/weights/checkpoint.h"
#include "worker/engine/weights/loader.h"
#include "worker/engine/weights/parameter.h"

/// How every network is loaded. For the sources of this room.
namespace furrow::engine {

/// What diffusers and transformers call the weights in a folder.
inline constexpr std::string_view kDiffusersStem = "diffusion_pytorch_model";
inline constexpr std::string_view kTransformersStem = "model";

/// A file's JSON. Errors: as read_file; Invalid, naming the file.
Result<nlohmann::json> read_json(const std::filesystem::path& path);

/// The same sentence with the file's name before it.
Unexpected in_file(const std::filesystem::path& path, const Error& error);

/// The config.json of a folder. Errors: as read_json and Config::read, naming the file.
template <typename Config>
Result<Config> read_config(const std::filesystem::path& folder) {
  FURROW_TRY(const nlohmann::json document, read_json(folder / "config.json"));
  auto config = Config::read(document);
  if (!config) return in_file(folder / "config.json", config.error());
  return config;
}

/// Builds Net(scope, config) from a checkpoint: the one place where libtorch's exceptions of
/// loading end.
///
/// @param ignored  tensors whose names end so are no fault
/// Errors: Invalid, telling all tensors that are missing, too many or of another shape;
/// OutOfMemory.
template <typename Net, typename Config>
Result<Loaded<Net>> build_adaptable(const weights::Checkpoint& checkpoint, const Config& config,
                                    weights::Placement placement,
                                    const std::vector<std::string_view>& ignored = {}) {
  try {
    weights::Loader loader(checkpoint, placement);
    for (const auto suffix : ignored) loader.ignore(suffix);
    auto net = std::make_unique<Net>(loader.root(), config);
    FURROW_TRY_VOID(loader.finish());
    return Loaded<Net>{std::move(net), loader.parameters()};
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::OutOfMemory,
                fmt::format("There is not enough memory to load {}.", checkpoint.path().string()));
  } catch (const c10::OutOfMemoryError&) {
    return fail(ErrorKind::OutOfMemory, fmt::format("The device has not enough memory to load {}.",
                                                    checkpoint.path().string()));
  } catch (const c10::Error& e) {
    return fail(ErrorKind::Internal, fmt::format("Cannot load {}: {}", checkpoint.path().string(),
                                                 e.what_without_backtrace()));
  }
}

/// The same for a network that no LoRA is applied to.
template <typename Net, typename Config>
Result<std::unique_ptr<Net>> build_network(const weights::Checkpoint& checkpoint,
                                           const Config& config, weights::Placement placement,
                                           const std::vector<std::string_view>& ignored = {}) {
  auto loaded = build_adaptable<Net>(checkpoint, config, placement, ignored);
  if (!loaded) return loaded.unexpected();
  return std::move(loaded->net);
}

/// Builds a network from its folder: config.json and the weights under `stem`.
template <typename Net, typename Config>
Result<Loaded<Net>> load_adaptable(const std::filesystem::path& folder, std::string_view stem,
                                   const weights::KeyMap& key_map, weights::Placement placement,
                                   const std::vector<std::string_view>& ignored = {}) {
  FURROW_TRY(const auto config, read_config<Config>(folder));
  FURROW_TRY(const auto checkpoint, weights::Checkpoint::open(folder, stem, key_map));
  return build_adaptable<Net>(checkpoint, config, placement, ignored);
}

/// Builds a network from a model's part.
template <typename Net, typename Config>
Result<Loaded<Net>> load_part(const ModelParts& parts, std::string_view part, std::string_view stem,
                              const weights::KeyMap& key_map, weights::Placement placement,
                              const std::vector<std::string_view>& ignored = {}) {
  FURROW_TRY(const auto network, parts.network(part, stem, key_map));
  auto config = Config::read(network.config);
  if (!config) return in_file(network.config_file, config.error());
  return build_adaptable<Net>(network.weights, *config, placement, ignored);
}

/// Builds from a folder a network that no LoRA is applied to.
template <typename Net, typename Config>
Result<std::unique_ptr<Net>> load_network(const std::filesystem::path& folder,
                                          std::string_view stem, const weights::KeyMap& key_map,
                                          weights::Placement placement,
                                          const std::vector<std::string_view>& ignored = {}) {
  auto loaded = load_adaptable<Net, Config>(folder, stem, key_map, placement, ignored);
  if (!loaded) return loaded.unexpected();
  return std::move(loaded->net);
}

}  // namespace furrow::engine
