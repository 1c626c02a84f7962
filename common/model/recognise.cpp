#include "common/model/recognise.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/model/adapter_family.h"
#include "common/model/tensor_names.h"
#include "common/weights/model_family.h"
#include "common/weights/single_file_configs.h"
#include "common/weights/single_file_map.h"

namespace furrow::model {

namespace {

namespace weights = engine::weights;
using weights::ModelFamily;

/// What all released models of these families have, where a file has no autoencoder to tell.
constexpr std::uint32_t kVaeFactor = 8;
/// Bytes would not do for more vectors than any embedding has.
constexpr std::int64_t kMostVectors = 512;

bool is_ip_adapter(const TensorNames& names) {
  return names.has_prefix("ip_adapter.") || names.has_prefix("image_proj.");
}

bool is_controlnet(const TensorNames& names) {
  return names.has_prefix("control_model.") || names.has_prefix("input_hint_block.") ||
         names.has_prefix("controlnet_cond_embedding.") || names.has_prefix("controlnet_blocks.") ||
         names.has_prefix("controlnet_x_embedder.") || names.has_prefix("lllite_");
}

bool is_t2i_adapter(const TensorNames& names) {
  return names.has_prefix("adapter.body.") || names.has_prefix("body.0.resnets.") ||
         names.has_prefix("body.0.block1.") || names.has_prefix("body.0.in_conv.") ||
         (names.has_prefix("body.0.block2.") && names.has_prefix("conv_in."));
}

bool is_upscaler(const TensorNames& names) {
  const auto* first = names.find("body.0.weight");
  const bool is_compact = first != nullptr && first->size() == 4 && names.has("body.1.weight");
  return is_compact || names.has_prefix("model.1.sub.") || names.has_prefix("RRDB_trunk.") ||
         (names.has("conv_first.weight") &&
          (names.has_prefix("body.") || names.has_prefix("layers.")));
}

Traits of_kind(Kind kind, std::string family = "") {
  Traits traits;
  traits.kind = kind;
  traits.family = std::move(family);
  return traits;
}

std::string family_of_controlnet(const TensorNames& names) {
  if (names.has_prefix("lllite_")) return "sdxl";
  if (names.has_prefix("single_transformer_blocks.")) return "flux";
  if (names.has_prefix("controlnet_x_embedder.")) return "flux";
  if (names.has_with("add_q_proj") || names.has_with("joint_blocks.")) return "sd3";
  return family_of_unet_part(names);
}

/// The latent's channels tell little: all VAEs of the first three families are built alike.
std::optional<Traits> recognise_vae(const TensorNames& names) {
  Traits traits = of_kind(Kind::Vae);
  traits.parts = {"vae"};
  if (names.has("encoder.layers.0.weight") || names.has("decoder.layers.0.weight") ||
      names.has("3.conv.0.weight")) {
    traits.vae_factor = kVaeFactor;
    traits.note = "small (TAESD)";
    return traits;
  }
  const auto channels = names.dim_of_suffix("decoder.conv_in.weight", 1);
  const auto* first = names.find("encoder.conv_in.weight");
  if (!channels && first == nullptr && !names.has_prefix("first_stage_model.")) return std::nullopt;
  for (const std::string_view levels :
       {"decoder.up.", "decoder.up_blocks.", "first_stage_model.decoder.up.", "vae.decoder.up."}) {
    const std::uint32_t count = names.count(levels);
    constexpr std::uint32_t kMostLevels = 8;
    if (count > 0 && count <= kMostLevels) traits.vae_factor = std::uint32_t{1} << (count - 1);
  }
  if (traits.vae_factor == 0) traits.vae_factor = kVaeFactor;
  if (channels == 4) traits.note = "4 latent channels, as of sd1, sd2 and sdxl";
  if (channels == 16) traits.note = "16 latent channels, as of sd3 and flux";
  return traits;
}

std::optional<Traits> recognise_text_encoder(const TensorNames& names) {
  const bool is_t5 = names.has_with("encoder.block.0.layer.0.SelfAttention");
  const bool is_clip =
      names.has_with("text_model.encoder.layers.0.") || names.has_with("transformer.resblocks.0.");
  if (!is_t5 && !is_clip) return std::nullopt;
  Traits traits = of_kind(Kind::TextEncoder);
  traits.parts = {"text_encoder"};
  auto width = names.dim_of_suffix("token_embedding.weight", 1);
  if (is_t5) width = names.dim_of_suffix("shared.weight", 1);
  if (is_t5 && !width) width = names.dim_of_suffix("embed_tokens.weight", 1);
  traits.note = fmt::format("{}{}", is_t5 ? "T5" : "CLIP",
                            width ? fmt::format(", {} wide", *width) : std::string());
  return traits;
}

/// One tensor, or one for every encoder, each a list of vectors.
bool is_embedding(const TensorNames& names) {
  if (names.has_prefix("string_to_param.") || names.has("emb_params")) return true;
  constexpr std::size_t kMostEncoders = 3;
  if (names.size() > kMostEncoders) return false;
  return std::ranges::all_of(names.shapes(), [](const auto& tensor) {
    const auto& shape = tensor.second;
    const bool is_list = shape.size() == 2 && shape[0] <= kMostVectors;
    return (shape.size() == 1 || is_list) && shape.back() >= 16;
  });
}

Variant variant_of_unet(std::int64_t in_channels) {
  if (in_channels == 4) return Variant::Plain;
  if (in_channels == 9) return Variant::Inpaint;
  return in_channels == 8 ? Variant::Instruct : Variant::Other;
}

/// Flux takes 64 channels for four latent cells; Fill 320 more of mask and picture. SD3 takes 16,
/// and its inpainting models 33.
Variant variant_of(ModelFamily family, std::int64_t in_channels) {
  switch (family) {
    case ModelFamily::Sd1:
    case ModelFamily::Sd2:
    case ModelFamily::Sdxl:
    case ModelFamily::SdxlRefiner:
      return variant_of_unet(in_channels);
    case ModelFamily::Sd3:
      return in_channels == 33 ? Variant::Inpaint : Variant::Plain;
    case ModelFamily::Flux:
      return in_channels == 384  ? Variant::Inpaint
             : in_channels == 64 ? Variant::Plain
                                 : Variant::Other;
  }
  return Variant::Plain;
}

std::string note_of(const weights::ModelTraits& traits, Variant variant) {
  if (variant == Variant::Other) return fmt::format("takes {} channels", traits.in_channels);
  if (traits.family != ModelFamily::Flux) return "";
  return traits.embeds_guidance ? "embedded guidance (dev)" : "no embedded guidance (schnell)";
}

Prediction prediction_by_metadata(const Metadata& metadata) {
  const auto type = metadata.find("modelspec.prediction_type");
  if (type == metadata.end()) return Prediction::Unknown;
  if (type->second == "v") return Prediction::V;
  return type->second == "epsilon" ? Prediction::Epsilon : Prediction::Unknown;
}

/// Of Stable Diffusion 2.x no tensor tells: half of the released models predict v.
Prediction prediction_of(std::string_view family, bool is_marked_v, const Metadata& metadata) {
  if (family == "sd3" || family == "flux") return Prediction::Flow;
  if (is_marked_v) return Prediction::V;
  return family == "sd2" ? prediction_by_metadata(metadata) : Prediction::Epsilon;
}

std::uint32_t vae_factor_of(const weights::TensorShapes& tensors,
                            const weights::SingleFileMap& map) {
  const auto config = weights::infer_config(tensors, map, "vae");
  if (!config) return kVaeFactor;
  const auto levels = (*config)["block_out_channels"].size();
  constexpr std::size_t kMostLevels = 8;
  return levels == 0 || levels > kMostLevels ? kVaeFactor : std::uint32_t{1} << (levels - 1);
}

Traits of_checkpoint(const weights::TensorShapes& tensors, const weights::SingleFileMap& map,
                     const Metadata& metadata) {
  const weights::ModelTraits& known = map.traits();
  Traits traits;
  traits.parts = map.components();
  traits.kind = traits.parts.size() > 1 ? Kind::Checkpoint : Kind::Network;
  traits.family = weights::name_of(known.family);
  traits.variant = variant_of(known.family, known.in_channels);
  traits.prediction = prediction_of(traits.family, known.predicts_v, metadata);
  traits.has_zero_terminal_snr = known.has_zero_terminal_snr;
  traits.note = note_of(known, traits.variant);
  traits.vae_factor = vae_factor_of(tensors, map);
  traits.default_size = default_size_of(traits.family, traits.prediction);
  return traits;
}

/// A network as a diffusers folder has it, alone.
std::optional<Traits> recognise_folder_network(const TensorNames& names, const Metadata& metadata) {
  Traits traits = of_kind(Kind::Network);
  if (names.has_prefix("single_transformer_blocks.") || names.has_prefix("transformer_blocks.")) {
    const bool is_flux = names.has_prefix("single_transformer_blocks.");
    if (!is_flux && !names.has("pos_embed.proj.weight")) return std::nullopt;
    traits.family = is_flux ? "flux" : "sd3";
    traits.parts = {"transformer"};
  } else if (names.has_prefix("down_blocks.") && names.has_prefix("up_blocks.")) {
    traits.family = family_of_unet_part(names);
    traits.parts = {"unet"};
    const auto* first = names.find("conv_in.weight");
    if (first != nullptr && first->size() > 1) traits.variant = variant_of_unet((*first)[1]);
  } else {
    return std::nullopt;
  }
  traits.note = "diffusers layout";
  traits.prediction = prediction_of(traits.family, names.has("v_pred"), metadata);
  traits.vae_factor = kVaeFactor;
  traits.default_size = default_size_of(traits.family, traits.prediction);
  return traits;
}

bool says(const Metadata& metadata, const char* key, std::string_view word) {
  const auto found = metadata.find(key);
  return found != metadata.end() && found->second.find(word) != std::string::npos;
}

}  // namespace

std::string family_by_metadata(const Metadata& metadata) {
  struct Row {
    std::string_view word;
    const char* family;
  };

  constexpr std::array kRows = {Row{"flux", "flux"},
                                Row{"sd3", "sd3"},
                                Row{"stable-diffusion-3", "sd3"},
                                Row{"refiner", "sdxl_refiner"},
                                Row{"sdxl", "sdxl"},
                                Row{"stable-diffusion-xl", "sdxl"},
                                Row{"sd_v2", "sd2"},
                                Row{"stable-diffusion-v2", "sd2"},
                                Row{"sd_v1", "sd1"},
                                Row{"stable-diffusion-v1", "sd1"}};
  for (const char* key : {"modelspec.architecture", "ss_base_model_version"}) {
    for (const auto& [word, family] : kRows) {
      if (says(metadata, key, word)) return family;
    }
  }
  return "";
}

Result<Traits> recognise(const weights::TensorShapes& tensors, const Metadata& metadata) {
  const TensorNames names(tensors);
  const auto or_metadata = [&](std::string family) {
    return family.empty() ? family_by_metadata(metadata) : family;
  };
  if (tensors.empty()) return fail(ErrorKind::Invalid, "it holds no tensors");
  if (is_ip_adapter(names)) return of_kind(Kind::IpAdapter, family_by_metadata(metadata));
  if (is_lora(names)) return of_kind(Kind::Lora, or_metadata(family_of_lora(names)));
  if (is_controlnet(names))
    return of_kind(Kind::ControlNet, or_metadata(family_of_controlnet(names)));
  if (const auto map = weights::SingleFileMap::of(tensors))
    return of_checkpoint(tensors, *map, metadata);
  if (const auto network = recognise_folder_network(names, metadata)) return *network;
  if (is_t2i_adapter(names)) return of_kind(Kind::T2iAdapter, family_by_metadata(metadata));
  if (is_upscaler(names)) return of_kind(Kind::Upscaler);
  if (const auto vae = recognise_vae(names)) return *vae;
  if (const auto encoder = recognise_text_encoder(names)) return *encoder;
  if (is_embedding(names)) return of_kind(Kind::Embedding, family_of_embedding(names));
  return fail(
      ErrorKind::Invalid,
      "its tensors are those of nothing that is known here (a model of Stable Diffusion "
      "1.x, 2.x, XL, 3 or Flux, a part of one, or a LoRA, embedding, ControlNet, adapter or "
      "upscaler)");
}

}  // namespace furrow::model
