#include "worker/engine/model/stable_diffusion.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/model/model_parts.h"
#include "worker/engine/model/network_loader.h"
#include "worker/engine/weights/key_maps.h"

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array<std::string_view, 3> kSdClasses = {
    "StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline"};
constexpr std::array<std::string_view, 3> kXlClasses = {"StableDiffusionXLPipeline",
                                                        "StableDiffusionXLImg2ImgPipeline",
                                                        "StableDiffusionXLInpaintPipeline"};

/// SD 2.x takes prompts of OpenCLIP ViT-H.
constexpr std::int64_t kSd2PromptWidth = 1024;

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<bool> is_xl(const ModelParts& parts) {
  const auto name = parts.index().value("_class_name", json());
  const auto text = name.is_string() ? name.get<std::string>() : std::string();
  if (contains(kSdClasses, text)) return false;
  if (contains(kXlClasses, text)) return true;
  return fail(ErrorKind::Invalid,
              fmt::format("{} is a model for {}; this engine runs {} and {}.",
                          parts.path().string(), name.dump(), kSdClasses[0], kXlClasses[0]));
}

bool flag_of(const ModelParts& parts, const char* key, bool otherwise) {
  const auto found = parts.index().find(key);
  return found != parts.index().end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

/// Each part can be sound and yet belong to another model: says which two do not fit.
Unexpected parts_do_not_fit(const fs::path& path, std::string_view what, std::int64_t a,
                            std::string_view and_what, std::int64_t b) {
  return fail(ErrorKind::Invalid, fmt::format("The parts of {} do not fit: {} is {}, {} is {}.",
                                              path.string(), what, a, and_what, b));
}

Result<TokenizedEncoder> load_encoder(const ModelParts& parts, const std::string& number,
                                      weights::Placement placement) {
  const auto tokenizer_part = "tokenizer" + number;
  const auto encoder_part = "text_encoder" + number;
  FURROW_TRY(auto tokenizer, parts.tokenizer(tokenizer_part));
  FURROW_TRY(auto encoder, load_clip_text(parts, encoder_part, placement));
  const auto& config = encoder->config;
  if (tokenizer.vocab_size() > config.vocab_size)
    return parts_do_not_fit(parts.path(), fmt::format("the vocabulary of {}", tokenizer_part),
                            tokenizer.vocab_size(), fmt::format("{}'s vocab_size", encoder_part),
                            config.vocab_size);
  const auto length = static_cast<std::int64_t>(tokenizer.model_max_length());
  if (length > config.max_position_embeddings)
    return parts_do_not_fit(parts.path(), fmt::format("{}'s model_max_length", tokenizer_part),
                            length, fmt::format("{}'s max_position_embeddings", encoder_part),
                            config.max_position_embeddings);
  return TokenizedEncoder{std::move(tokenizer), std::move(encoder)};
}

std::int64_t width_of(const std::optional<TokenizedEncoder>& encoder) {
  return encoder ? encoder->encoder->config.hidden_size : 0;
}

Result<void> check_pooled_prompt(const fs::path& path, const StableDiffusion& model) {
  const auto& g = model.text_encoder_2->encoder->config;
  if (!g.has_projection)
    return fail(
        ErrorKind::Invalid,
        fmt::format("{}: text_encoder_2 is no CLIPTextModelWithProjection, which SDXL needs.",
                    path.string()));
  const auto& text_time = model.unet->config.text_time;
  if (!text_time)
    return fail(
        ErrorKind::Invalid,
        fmt::format("{}: the UNet has no addition_embed_type \"text_time\", which SDXL needs.",
                    path.string()));
  const auto added = g.projection_dim + model.time_id_count() * text_time->time_embed_dim;
  if (text_time->input_dim == added) return {};
  return parts_do_not_fit(
      path, "the UNet's projection_class_embeddings_input_dim", text_time->input_dim,
      fmt::format("the pooled prompt with {} sizes", model.time_id_count()), added);
}

Result<void> check_fit(const fs::path& path, const StableDiffusion& model) {
  const auto width = width_of(model.text_encoder) + width_of(model.text_encoder_2);
  for (const auto& level : model.unet->config.levels) {
    if (level.cross_attention_dim != width)
      return parts_do_not_fit(path, "the UNet's cross_attention_dim", level.cross_attention_dim,
                              "the text encoders' hidden_size together", width);
  }
  if (model.is_xl()) FURROW_TRY_VOID(check_pooled_prompt(path, model));
  if (model.unet->config.out_channels != model.vae->config.latent_channels)
    return parts_do_not_fit(path, "the UNet's out_channels", model.unet->config.out_channels,
                            "the VAE's latent_channels", model.vae->config.latent_channels);
  return {};
}

std::string family_of(const StableDiffusion& model) {
  if (model.is_xl()) return model.text_encoder ? "sdxl" : "sdxl_refiner";
  return width_of(model.text_encoder) == kSd2PromptWidth ? "sd2" : "sd1";
}

/// Whether a UNet predicts v. Where a picture is nearly noise, the noise is nearly the input, and v
/// nearly minus the picture: at the last timestep the answers to a grey latent lie far apart.
bool predicts_v(const nn::UNet& unet) {
  const auto& weight = unet.conv_in.weight.get();
  const auto& config = unet.config;
  const auto sample = at::full({1, config.in_channels, 8, 8}, 0.5, weight.options());
  const auto timestep = at::full({1}, 999, weight.options().dtype(at::kFloat));
  const auto prompt =
      at::full({1, 2, config.levels.front().cross_attention_dim}, 0.5, weight.options());
  const auto answer = unet.forward(sample, timestep, prompt).to(at::kFloat);
  return answer.mean().item<double>() - 0.5 < -1;
}

}  // namespace

Result<std::unique_ptr<StableDiffusion>> load_stable_diffusion(const fs::path& path,
                                                               at::ScalarType precision,
                                                               at::Device device) {
  const weights::Placement placement = {precision, device};
  FURROW_TRY(const auto parts, ModelParts::open(path));
  FURROW_TRY(const bool has_two_encoders, is_xl(*parts));

  auto model = std::make_unique<StableDiffusion>();
  FURROW_TRY(model->scheduler_config, parts->scheduler_config());
  model->force_zeros_for_empty_prompt = flag_of(*parts, "force_zeros_for_empty_prompt", true);
  model->requires_aesthetics_score = flag_of(*parts, "requires_aesthetics_score", false);
  if (!has_two_encoders || parts->has("text_encoder")) {
    FURROW_TRY(model->text_encoder, load_encoder(*parts, "", placement));
  }
  if (has_two_encoders) {
    FURROW_TRY(model->text_encoder_2, load_encoder(*parts, "_2", placement));
  }
  FURROW_TRY(model->vae, load_autoencoder(*parts, "vae", placement));
  FURROW_TRY(model->unet, load_unet(*parts, "unet", placement));
  FURROW_TRY_VOID(check_fit(path, *model));

  model->family = family_of(*model);
  if (!model->scheduler_config.contains("prediction_type"))
    model->scheduler_config["prediction_type"] =
        model->family == "sd2" && predicts_v(*model->unet) ? "v_prediction" : "epsilon";
  return model;
}

}  // namespace furrow::engine
