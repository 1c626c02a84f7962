#include "worker/engine/model/stable_diffusion.h"

#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/model/folder_parts.h"
#include "worker/engine/model/network_loader.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Result<void> check_fit(const fs::path& folder, const StableDiffusion& model) {
  const auto width = model.text_encoder.config.hidden_size;
  for (const auto& level : model.unet.config.levels) {
    if (level.cross_attention_dim != width) {
      return parts_do_not_fit(folder, "the UNet's cross_attention_dim", level.cross_attention_dim,
                              "the text encoder's hidden_size", width);
    }
  }
  const auto vocabulary = model.text_encoder.config.vocab_size;
  if (model.tokenizer.vocab_size() > vocabulary) {
    return parts_do_not_fit(folder, "the tokenizer's vocabulary", model.tokenizer.vocab_size(),
                            "the text encoder's vocab_size", vocabulary);
  }
  const auto positions = model.text_encoder.config.max_position_embeddings;
  const auto length = static_cast<std::int64_t>(model.tokenizer.model_max_length());
  if (length > positions) {
    return parts_do_not_fit(folder, "the tokenizer's model_max_length", length,
                            "the text encoder's max_position_embeddings", positions);
  }
  if (model.unet.config.out_channels != model.vae.config.latent_channels) {
    return parts_do_not_fit(folder, "the UNet's out_channels", model.unet.config.out_channels,
                            "the VAE's latent_channels", model.vae.config.latent_channels);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<StableDiffusion>> load_stable_diffusion(const fs::path& folder,
                                                               at::ScalarType precision,
                                                               at::Device device) {
  FURROW_TRY_VOID(
      read_model_index(folder, {"StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline",
                                "StableDiffusionInpaintPipeline"}));
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
