#include "worker/engine/model/stable_diffusion.h"

#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/model/network_loader.h"
#include "worker/engine/weights/key_maps.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// The folder of a part, as model_index.json lists it.
Result<fs::path> part_folder(const fs::path& folder, std::string_view part) {
  if (!fs::is_directory(folder / part)) {
    return fail(ErrorKind::NotFound,
                fmt::format("{} has no folder {}: it is not a whole diffusers model. Download it "
                            "again.",
                            folder.string(), part));
  }
  return folder / part;
}

Result<void> check_class(const fs::path& folder) {
  const auto path = folder / "model_index.json";
  FURROW_TRY(const json index, read_json(path));
  const auto name = index.is_object() ? index.value("_class_name", json()) : json();
  if (name != "StableDiffusionPipeline" && name != "StableDiffusionImg2ImgPipeline" &&
      name != "StableDiffusionInpaintPipeline") {
    return fail(ErrorKind::Invalid,
                fmt::format("{} is a model for {}; this engine runs StableDiffusionPipeline.",
                            folder.string(), name.dump()));
  }
  return {};
}

// Each part can be sound and yet belong to another model.
Result<void> check_fit(const fs::path& folder, const StableDiffusion& model) {
  const auto mismatch = [&](std::string_view what, std::int64_t a, std::string_view and_what,
                            std::int64_t b) {
    return fail(ErrorKind::Invalid, fmt::format("The parts of {} do not fit: {} is {}, {} is {}.",
                                                folder.string(), what, a, and_what, b));
  };
  const auto width = model.text_encoder.config.hidden_size;
  for (const auto& level : model.unet.config.levels) {
    if (level.cross_attention_dim != width) {
      return mismatch("the UNet's cross_attention_dim", level.cross_attention_dim,
                      "the text encoder's hidden_size", width);
    }
  }
  const auto vocabulary = model.text_encoder.config.vocab_size;
  if (model.tokenizer.vocab_size() > vocabulary) {
    return mismatch("the tokenizer's vocabulary", model.tokenizer.vocab_size(),
                    "the text encoder's vocab_size", vocabulary);
  }
  const auto positions = model.text_encoder.config.max_position_embeddings;
  const auto length = static_cast<std::int64_t>(model.tokenizer.model_max_length());
  if (length > positions) {
    return mismatch("the tokenizer's model_max_length", length,
                    "the text encoder's max_position_embeddings", positions);
  }
  if (model.unet.config.out_channels != model.vae.config.latent_channels) {
    return mismatch("the UNet's out_channels", model.unet.config.out_channels,
                    "the VAE's latent_channels", model.vae.config.latent_channels);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<nn::UNet>> load_unet(const fs::path& folder, at::ScalarType precision,
                                            at::Device device) {
  return load_network<nn::UNet, nn::UNetConfig>(folder, kDiffusersStem, weights::same_key,
                                                {precision, device}, {});
}

Result<std::unique_ptr<nn::AutoencoderKl>> load_autoencoder(const fs::path& folder,
                                                            at::ScalarType precision,
                                                            at::Device device) {
  return load_network<nn::AutoencoderKl, nn::AutoencoderConfig>(
      folder, kDiffusersStem, weights::autoencoder_key, {precision, device}, {});
}

Result<std::unique_ptr<nn::ClipText>> load_clip_text(const fs::path& folder,
                                                     at::ScalarType precision, at::Device device) {
  // A buffer that older files carry, and what a whole CLIP has beside its text half.
  return load_network<nn::ClipText, nn::ClipTextConfig>(
      folder, kTransformersStem, weights::clip_text_key, {precision, device},
      {"position_ids", "text_projection.weight", "logit_scale"});
}

Result<std::unique_ptr<StableDiffusion>> load_stable_diffusion(const fs::path& folder,
                                                               at::ScalarType precision,
                                                               at::Device device) {
  FURROW_TRY_VOID(check_class(folder));
  FURROW_TRY(const auto tokenizer_folder, part_folder(folder, "tokenizer"));
  FURROW_TRY(const auto text_encoder_folder, part_folder(folder, "text_encoder"));
  FURROW_TRY(const auto unet_folder, part_folder(folder, "unet"));
  FURROW_TRY(const auto vae_folder, part_folder(folder, "vae"));
  FURROW_TRY(const auto scheduler_folder, part_folder(folder, "scheduler"));

  FURROW_TRY(auto scheduler, read_json(scheduler_folder / "scheduler_config.json"));
  FURROW_TRY(auto tokenizer, prompt::BpeTokenizer::load(tokenizer_folder));
  FURROW_TRY(auto text_encoder, load_clip_text(text_encoder_folder, precision, device));
  FURROW_TRY(auto vae, load_autoencoder(vae_folder, precision, device));
  FURROW_TRY(auto unet, load_unet(unet_folder, precision, device));

  auto model = std::make_unique<StableDiffusion>(
      StableDiffusion{std::move(tokenizer), std::move(*text_encoder), std::move(*unet),
                      std::move(*vae), std::move(scheduler), "sd1"});
  FURROW_TRY_VOID(check_fit(folder, *model));
  return model;
}

}  // namespace furrow::engine
