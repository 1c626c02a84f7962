#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/prompt/tokenizer/bpe_tokenizer.h"
#include "worker/engine/model/networks.h"

namespace furrow::engine {

/// A text encoder with the tokenizer that it was trained with.
struct TokenizedEncoder {
  prompt::BpeTokenizer tokenizer;
  nn::ClipText encoder;
};

/// All parts of an SDXL model folder (Podell et al. 2023, arXiv:2307.01952), base or refiner,
/// loaded. Immutable; one thread owns the device that it is on.
struct StableDiffusionXl {
  std::optional<TokenizedEncoder> clip_l;  ///< "text_encoder", CLIP ViT-L; the refiner has none
  TokenizedEncoder clip_g;  ///< "text_encoder_2", OpenCLIP ViT-bigG; its projection is pooled
  nn::UNet unet;
  nn::AutoencoderKl vae;
  nlohmann::json scheduler_config;           ///< scheduler/scheduler_config.json as it is
  bool force_zeros_for_empty_prompt = true;  ///< no negative prompt is zeros, not the empty text
  bool requires_aesthetics_score = false;    ///< a score stands for the target size in time_ids

  bool is_refiner() const { return !clip_l; }

  /// How many time_ids the UNet takes: 6, or 5 with an aesthetics score.
  std::int64_t time_id_count() const { return requires_aesthetics_score ? 5 : 6; }
};

/// Loads a diffusers folder: model_index.json, tokenizer/, tokenizer_2/, text_encoder/,
/// text_encoder_2/, unet/, vae/, scheduler/; of a refiner without the first encoder and tokenizer.
/// Weights are converted to `precision` (float32 or bfloat16) on `device`, whatever the files hold.
///
/// Errors: as load_stable_diffusion.
Result<std::unique_ptr<StableDiffusionXl>> load_stable_diffusion_xl(
    const std::filesystem::path& folder, at::ScalarType precision, at::Device device);

}  // namespace furrow::engine
