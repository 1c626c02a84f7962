#include "worker/engine/model/networks.h"

#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "worker/engine/model/network_loader.h"
#include "worker/engine/weights/key_maps.h"
#include "worker/engine/weights/single_file.h"
#include "worker/engine/weights/upscaler_keys.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;

// The file in a folder whose name without the extension ends so.
std::optional<fs::path> find_by_ending(const fs::path& folder, std::string_view ending) {
  std::error_code error;
  std::optional<fs::path> found;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const auto stem = it->path().stem().string();
    const bool ends_so = stem.size() > ending.size() &&
                         stem.compare(stem.size() - ending.size(), ending.size(), ending) == 0;
    // A safetensors file is taken before a pickle of the same network.
    if (ends_so && (!found || it->path().extension() == ".safetensors")) found = it->path();
  }
  return found;
}

Result<weights::Checkpoint> open_tiny(const fs::path& folder) {
  const auto encoder = find_by_ending(folder, "_encoder");
  const auto decoder = find_by_ending(folder, "_decoder");
  if (!encoder || !decoder) {
    return weights::Checkpoint::open(folder, kDiffusersStem, weights::same_key);
  }
  return weights::Checkpoint::open_files(
      {{*encoder, weights::taesd_encoder_key}, {*decoder, weights::taesd_decoder_key}});
}

// A buffer that older files carry, and what a whole CLIP has beside its text half.
std::vector<std::string_view> ignored_of_clip() {
  return {"position_ids", "text_projection.weight", "logit_scale"};
}

}  // namespace

Result<Loaded<nn::UNet>> load_unet(const fs::path& folder, at::ScalarType precision,
                                   at::Device device) {
  return load_adaptable<nn::UNet, nn::UNetConfig>(folder, kDiffusersStem, weights::same_key,
                                                  {precision, device});
}

Result<Loaded<nn::UNet>> load_unet(const ModelParts& parts, std::string_view part,
                                   weights::Placement placement) {
  return load_part<nn::UNet, nn::UNetConfig>(parts, part, kDiffusersStem, weights::same_key,
                                             placement);
}

Result<std::unique_ptr<nn::AutoencoderKl>> load_autoencoder(const fs::path& folder,
                                                            at::ScalarType precision,
                                                            at::Device device) {
  return load_network<nn::AutoencoderKl, nn::AutoencoderConfig>(
      folder, kDiffusersStem, weights::autoencoder_key, {precision, device});
}

Result<std::unique_ptr<nn::AutoencoderKl>> load_autoencoder(const ModelParts& parts,
                                                            std::string_view part,
                                                            weights::Placement placement) {
  FURROW_TRY(auto loaded, (load_part<nn::AutoencoderKl, nn::AutoencoderConfig>(
                              parts, part, kDiffusersStem, weights::autoencoder_key, placement)));
  return std::move(loaded.net);
}

Result<std::unique_ptr<nn::AutoencoderKl>> load_autoencoder_file(const fs::path& file,
                                                                 const nn::AutoencoderKl& like,
                                                                 weights::Placement placement) {
  FURROW_TRY(const auto opened, weights::SingleFile::open_autoencoder(file));
  FURROW_TRY(const auto checkpoint, opened.component("vae", weights::autoencoder_key));
  FURROW_TRY(const auto json, opened.config("vae"));
  auto config = nn::AutoencoderConfig::read(json);
  if (!config) return in_file(file, config.error());
  config->scaling_factor = like.config.scaling_factor;
  config->shift_factor = like.config.shift_factor;
  return build_network<nn::AutoencoderKl>(checkpoint, *config, placement);
}

Result<std::unique_ptr<nn::AutoencoderTiny>> load_autoencoder_tiny(const fs::path& folder,
                                                                   at::ScalarType precision,
                                                                   at::Device device) {
  FURROW_TRY(const auto config, read_config<nn::AutoencoderTinyConfig>(folder));
  FURROW_TRY(const auto checkpoint, open_tiny(folder));
  return build_network<nn::AutoencoderTiny>(checkpoint, config, {precision, device});
}

Result<Loaded<nn::ClipText>> load_clip_text(const fs::path& folder, at::ScalarType precision,
                                            at::Device device) {
  return load_adaptable<nn::ClipText, nn::ClipTextConfig>(
      folder, kTransformersStem, weights::clip_text_key, {precision, device}, ignored_of_clip());
}

Result<Loaded<nn::ClipText>> load_clip_text(const ModelParts& parts, std::string_view part,
                                            weights::Placement placement) {
  return load_part<nn::ClipText, nn::ClipTextConfig>(
      parts, part, kTransformersStem, weights::clip_text_key, placement, ignored_of_clip());
}

Result<std::unique_ptr<nn::Upscaler>> load_upscaler(const fs::path& path, at::ScalarType precision,
                                                    at::Device device) {
  const auto open = [&](const weights::KeyMap& key_map) {
    return fs::is_directory(path) ? weights::Checkpoint::open(path, kTransformersStem, key_map)
                                  : weights::Checkpoint::open_file(path, key_map);
  };
  FURROW_TRY(const auto as_stored, open(weights::same_key));
  std::vector<std::string> names;
  for (const auto& [name, entry] : as_stored.entries()) names.push_back(name);
  FURROW_TRY(const auto checkpoint, open(weights::upscaler_key_map(names)));

  nlohmann::json claims;
  if (fs::is_directory(path) && fs::exists(path / "config.json")) {
    FURROW_TRY(claims, read_json(path / "config.json"));
  }
  FURROW_TRY(const auto config, nn::read_upscaler_config(checkpoint, claims));
  return build_network<nn::Upscaler>(checkpoint, config, {precision, device});
}

Result<std::unique_ptr<nn::ControlNet>> load_controlnet(const fs::path& folder,
                                                        at::ScalarType precision,
                                                        at::Device device) {
  return load_network<nn::ControlNet, nn::ControlNetConfig>(folder, kDiffusersStem,
                                                            weights::same_key, {precision, device});
}

Result<std::unique_ptr<nn::T2iAdapter>> load_t2i_adapter(const fs::path& folder,
                                                         at::ScalarType precision,
                                                         at::Device device) {
  return load_network<nn::T2iAdapter, nn::T2iAdapterConfig>(folder, kDiffusersStem,
                                                            weights::same_key, {precision, device});
}

Result<std::unique_ptr<nn::IpAdapter>> load_ip_adapter(const fs::path& file,
                                                       at::ScalarType precision,
                                                       at::Device device) {
  FURROW_TRY(const auto checkpoint, weights::Checkpoint::open_file(file, weights::same_key));
  FURROW_TRY(const auto config, nn::IpAdapterConfig::read(checkpoint));
  return build_network<nn::IpAdapter>(checkpoint, config, {precision, device});
}

}  // namespace furrow::engine
