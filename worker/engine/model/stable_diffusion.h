#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/prompt/tokenizer/bpe_tokenizer.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/nn/clip_text.h"
#include "worker/engine/nn/unet.h"

namespace furrow::engine {

/// All parts of a Stable Diffusion 1.x model folder, loaded. Immutable; one thread owns the device
/// that it is on.
struct StableDiffusion {
  prompt::BpeTokenizer tokenizer;
  nn::ClipText text_encoder;
  nn::UNet unet;
  nn::AutoencoderKl vae;
  nlohmann::json scheduler_config;  ///< scheduler/scheduler_config.json as it is
  std::string family;               ///< "sd1"
};

/// Loads a diffusers folder: model_index.json, tokenizer/, text_encoder/, unet/, vae/, scheduler/.
/// Weights are converted to `precision` (float32 or bfloat16) on `device`, whatever the files hold.
///
/// Errors: NotFound for a missing file, Invalid for a broken one, for parts that do not fit each
/// other and for configs that ask for what the engine does not do; OutOfMemory. The message names
/// the file and, for tensors, the name with the expected and the found shape: all faults of a file.
Result<std::unique_ptr<StableDiffusion>> load_stable_diffusion(const std::filesystem::path& folder,
                                                               at::ScalarType precision,
                                                               at::Device device);

/// The parts alone, from a folder with config.json and weights.
Result<std::unique_ptr<nn::AutoencoderKl>> load_autoencoder(const std::filesystem::path& folder,
                                                            at::ScalarType precision,
                                                            at::Device device);
Result<std::unique_ptr<nn::UNet>> load_unet(const std::filesystem::path& folder,
                                            at::ScalarType precision, at::Device device);
Result<std::unique_ptr<nn::ClipText>> load_clip_text(const std::filesystem::path& folder,
                                                     at::ScalarType precision, at::Device device);

}  // namespace furrow::engine
