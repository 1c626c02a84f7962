#include "worker/engine/model/stable_diffusion_xl.h"

#include <string>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/model/folder_parts.h"
#include "worker/engine/model/network_loader.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Result<TokenizedEncoder> load_encoder(const fs::path& folder, const std::string& tokenizer_part,
                                      const std::string& encoder_part, at::ScalarType precision,
                                      at::Device device) {
  FURROW_TRY(const auto tokenizer_folder, part_folder(folder, tokenizer_part));
  FURROW_TRY(const auto encoder_folder, part_folder(folder, encoder_part));
  FURROW_TRY(auto tokenizer, prompt::BpeTokenizer::load(tokenizer_folder));
  FURROW_TRY(auto encoder, load_clip_text(encoder_folder, precision, device));
  if (tokenizer.vocab_size() > encoder->config.vocab_size) {
    return parts_do_not_fit(folder, fmt::format("the vocabulary of {}", tokenizer_part),
                            tokenizer.vocab_size(), fmt::format("{}'s vocab_size", encoder_part),
                            encoder->config.vocab_size);
  }
  return TokenizedEncoder{std::move(tokenizer), std::move(*encoder)};
}

// A part that model_index.json lists as [null, null] is left out on purpose.
bool is_left_out(const json& index, const char* part) {
  const auto entry = index.value(part, json());
  return entry.is_null() || (entry.is_array() && !entry.empty() && entry.front().is_null());
}

Result<void> check_prompt_fits(const fs::path& folder, const StableDiffusionXl& model) {
  const auto& g = model.clip_g.encoder.config;
  if (!g.has_projection) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("{}: text_encoder_2 is no CLIPTextModelWithProjection, which SDXL needs.",
                    folder.string()));
  }
  const auto width = g.hidden_size + (model.clip_l ? model.clip_l->encoder.config.hidden_size : 0);
  for (const auto& level : model.unet.config.levels) {
    if (level.cross_attention_dim != width) {
      return parts_do_not_fit(folder, "the UNet's cross_attention_dim", level.cross_attention_dim,
                              "the text encoders' hidden_size together", width);
    }
  }
  const auto& text_time = model.unet.config.text_time;
  if (!text_time) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("{}: the UNet has no addition_embed_type \"text_time\", which SDXL needs.",
                    folder.string()));
  }
  const auto added = g.projection_dim + model.time_id_count() * text_time->time_embed_dim;
  if (text_time->input_dim != added) {
    return parts_do_not_fit(
        folder, "the UNet's projection_class_embeddings_input_dim", text_time->input_dim,
        fmt::format("the pooled prompt with {} sizes", model.time_id_count()), added);
  }
  return {};
}

Result<void> check_fit(const fs::path& folder, const StableDiffusionXl& model) {
  FURROW_TRY_VOID(check_prompt_fits(folder, model));
  if (model.unet.config.out_channels != model.vae.config.latent_channels) {
    return parts_do_not_fit(folder, "the UNet's out_channels", model.unet.config.out_channels,
                            "the VAE's latent_channels", model.vae.config.latent_channels);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<StableDiffusionXl>> load_stable_diffusion_xl(const fs::path& folder,
                                                                    at::ScalarType precision,
                                                                    at::Device device) {
  FURROW_TRY(const auto index, read_model_index(folder, {"StableDiffusionXLPipeline",
                                                         "StableDiffusionXLImg2ImgPipeline",
                                                         "StableDiffusionXLInpaintPipeline"}));
  FURROW_TRY(const auto unet_folder, part_folder(folder, "unet"));
  FURROW_TRY(const auto vae_folder, part_folder(folder, "vae"));
  FURROW_TRY(const auto scheduler_folder, part_folder(folder, "scheduler"));
  FURROW_TRY(auto scheduler, read_json(scheduler_folder / "scheduler_config.json"));

  std::optional<TokenizedEncoder> clip_l;
  if (!is_left_out(index, "text_encoder")) {
    FURROW_TRY(clip_l, load_encoder(folder, "tokenizer", "text_encoder", precision, device));
  }
  FURROW_TRY(auto clip_g, load_encoder(folder, "tokenizer_2", "text_encoder_2", precision, device));
  FURROW_TRY(auto vae, load_autoencoder(vae_folder, precision, device));
  FURROW_TRY(auto unet, load_unet(unet_folder, precision, device));

  auto model = std::make_unique<StableDiffusionXl>(
      StableDiffusionXl{std::move(clip_l), std::move(clip_g), std::move(*unet), std::move(*vae),
                        std::move(scheduler), index.value("force_zeros_for_empty_prompt", true),
                        index.value("requires_aesthetics_score", false)});
  FURROW_TRY_VOID(check_fit(folder, *model));
  return model;
}

}  // namespace furrow::engine
