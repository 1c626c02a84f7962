#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/prompt/tokenizer/bpe_tokenizer.h"
#include "worker/engine/model/networks.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/nn/clip_text.h"
#include "worker/engine/nn/unet.h"

namespace furrow::engine {

/// A text encoder with the tokenizer that it was trained with.
struct TokenizedEncoder {
  prompt::BpeTokenizer tokenizer;
  Loaded<nn::ClipText> encoder;
};

/// A model of the families with a UNet, loaded: Stable Diffusion 1.x and 2.x, SDXL (Podell et al.
/// 2023, arXiv:2307.01952) and its refiner. Immutable but for the adapters of its weights; one
/// thread owns the device that it is on.
struct StableDiffusion {
  std::string family;  ///< "sd1", "sd2", "sdxl", "sdxl_refiner"

  /// CLIP ViT-L, of SD 2.x OpenCLIP ViT-H. SDXL's refiner has none.
  std::optional<TokenizedEncoder> text_encoder;

  /// SDXL's OpenCLIP ViT-bigG, whose projection is the pooled prompt.
  std::optional<TokenizedEncoder> text_encoder_2;

  Loaded<nn::UNet> unet;
  std::unique_ptr<nn::AutoencoderKl> vae;
  nlohmann::json scheduler_config;           ///< with a "prediction_type"
  bool force_zeros_for_empty_prompt = true;  ///< SDXL: no negative prompt is zeros, not a text
  bool requires_aesthetics_score = false;    ///< a score stands for the target size in time_ids

  bool is_xl() const { return text_encoder_2.has_value(); }

  /// How many time_ids the UNet of SDXL takes: 6, or 5 with an aesthetics score.
  std::int64_t time_id_count() const { return requires_aesthetics_score ? 5 : 6; }
};

/// Loads a diffusers folder or a whole checkpoint in one file (ModelParts). Weights are converted
/// to `precision` (float32, float16 or bfloat16) on `device`, whatever the files hold.
///
/// Errors: NotFound for a missing file, Invalid for a broken one, for parts that do not fit each
/// other, for other families and for configs that ask for what the engine does not do; OutOfMemory.
/// The message names the file and, for tensors, the name with the expected and the found shape: all
/// faults of a file.
Result<std::unique_ptr<StableDiffusion>> load_stable_diffusion(const std::filesystem::path& path,
                                                               at::ScalarType precision,
                                                               at::Device device);

}  // namespace furrow::engine
