#include "worker/engine/weights/model_family.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace furrow::engine::weights {

namespace {

constexpr std::string_view kNetwork = "model.diffusion_model.";

// Where the denoising network's tensor `name` is, with or without the prefix of whole checkpoints.
const Shape* find_in_network(const TensorShapes& tensors, std::string_view name) {
  const auto whole = tensors.find(std::string(kNetwork) + std::string(name));
  if (whole != tensors.end()) return &whole->second;
  const auto bare = tensors.find(name);
  return bare == tensors.end() ? nullptr : &bare->second;
}

bool has_any(const TensorShapes& tensors, std::string_view prefix) {
  const auto at = tensors.lower_bound(prefix);
  return at != tensors.end() && at->first.starts_with(prefix);
}

bool has_any_with(const TensorShapes& tensors, std::string_view part) {
  return std::any_of(tensors.begin(), tensors.end(), [&](const auto& tensor) {
    return tensor.first.find(part) != std::string::npos;
  });
}

std::int64_t dim(const Shape& shape, std::size_t i) {
  return i < shape.size() ? shape[i] : 0;
}

// A UNet without its text encoders is told by what it was built to take.
ModelFamily family_of_unet(const TensorShapes& tensors) {
  if (has_any(tensors, "conditioner.embedders.1.")) return ModelFamily::Sdxl;
  if (has_any(tensors, "conditioner.embedders.0.model.")) return ModelFamily::SdxlRefiner;
  if (has_any(tensors, "cond_stage_model.model.")) return ModelFamily::Sd2;
  if (has_any(tensors, "cond_stage_model.transformer.")) return ModelFamily::Sd1;
  if (find_in_network(tensors, "label_emb.0.0.weight") != nullptr) {
    // The refiner attends in its middle only to the second encoder's 1280 features, the base to
    // the 2048 of both.
    const auto* keys =
        find_in_network(tensors, "middle_block.1.transformer_blocks.0.attn2.to_k.weight");
    constexpr std::int64_t kRefinerContext = 1280;
    const bool is_refiner = keys != nullptr && dim(*keys, 1) == kRefinerContext;
    return is_refiner ? ModelFamily::SdxlRefiner : ModelFamily::Sdxl;
  }
  // The first one projects by 1x1 convolutions, the second by linear layers.
  const auto* projection = find_in_network(tensors, "middle_block.1.proj_in.weight");
  return projection != nullptr && projection->size() == 2 ? ModelFamily::Sd2 : ModelFamily::Sd1;
}

std::string what_else_it_may_be(const TensorShapes& tensors) {
  if (has_any_with(tensors, "lora_down") || has_any_with(tensors, "lora_A.") ||
      has_any_with(tensors, "lokr_w1") || has_any_with(tensors, "hada_w1")) {
    return "it is a LoRA, which changes a model and is none. Name it as a LoRA of the recipe";
  }
  if (has_any(tensors, "down_blocks.") || has_any(tensors, "transformer_blocks.") ||
      has_any(tensors, "text_model.encoder.")) {
    return "it is one part of a diffusers folder. Give the whole folder, with model_index.json";
  }
  if (has_any(tensors, "first_stage_model.") || has_any(tensors, "encoder.down.")) {
    return "it is an autoencoder alone. Give a checkpoint that has the denoising network as well";
  }
  if (has_any(tensors, "emb_params") || has_any(tensors, "clip_g") || tensors.size() == 1) {
    return "it looks like an embedding. Name it in a prompt of a model that it was made for";
  }
  return "its tensors are those of no model that is known here (Stable Diffusion 1.x, 2.x, XL, 3, "
         "Flux)";
}

}  // namespace

std::string_view name_of(ModelFamily family) {
  switch (family) {
    case ModelFamily::Sd1:
      return "sd1";
    case ModelFamily::Sd2:
      return "sd2";
    case ModelFamily::Sdxl:
      return "sdxl";
    case ModelFamily::SdxlRefiner:
      return "sdxl_refiner";
    case ModelFamily::Sd3:
      return "sd3";
    case ModelFamily::Flux:
      return "flux";
  }
  return "";
}

Result<ModelTraits> recognise_model(const TensorShapes& tensors) {
  ModelTraits traits;
  traits.predicts_v = tensors.count("v_pred") != 0;
  traits.has_zero_terminal_snr = tensors.count("ztsnr") != 0;
  if (find_in_network(tensors, "double_blocks.0.img_attn.qkv.weight") != nullptr) {
    traits.family = ModelFamily::Flux;
    traits.embeds_guidance = find_in_network(tensors, "guidance_in.in_layer.weight") != nullptr;
    const auto* in = find_in_network(tensors, "img_in.weight");
    traits.in_channels = in == nullptr ? 0 : dim(*in, 1);
    return traits;
  }
  if (find_in_network(tensors, "joint_blocks.0.x_block.attn.qkv.weight") != nullptr) {
    traits.family = ModelFamily::Sd3;
    const auto* in = find_in_network(tensors, "x_embedder.proj.weight");
    traits.in_channels = in == nullptr ? 0 : dim(*in, 1);
    return traits;
  }
  const auto* first_convolution = find_in_network(tensors, "input_blocks.0.0.weight");
  if (first_convolution != nullptr) {
    traits.family = family_of_unet(tensors);
    traits.in_channels = dim(*first_convolution, 1);
    return traits;
  }
  return fail(ErrorKind::Invalid, what_else_it_may_be(tensors));
}

}  // namespace furrow::engine::weights
