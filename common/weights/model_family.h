#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/weights/shape.h"

namespace furrow::engine::weights {

/// What kind of model a file of an original release holds.
enum class ModelFamily { Sd1, Sd2, Sdxl, SdxlRefiner, Sd3, Flux };

/// "sd1", "sd2", "sdxl", "sdxl_refiner", "sd3", "flux".
std::string_view name_of(ModelFamily family);

/// What the names and shapes in a header tell. Neither the file's name nor its size is looked at:
/// both change when people prune, quantise and rename.
struct ModelTraits {
  ModelFamily family = ModelFamily::Sd1;
  /// Of the denoising network: 4 for latents; 9 with mask and masked picture (inpainting); 8 with a
  /// picture to be edited. 16 for SD3, 64 for Flux, which is four latent cells.
  std::int64_t in_channels = 4;
  /// Marked so by an empty tensor "v_pred", as the community does it; of Stable Diffusion 2.x no
  /// file tells.
  bool predicts_v = false;
  /// Marked by "ztsnr": trained with a last sigma of infinity.
  bool has_zero_terminal_snr = false;
  /// Flux: takes the guidance scale as an input (dev, not schnell).
  bool embeds_guidance = false;
};

/// Errors: Invalid, with a sentence (without the file's name) that says what the tensors look like
/// instead: a diffusers folder's part, a LoRA, a VAE alone, an embedding, or nothing known.
Result<ModelTraits> recognise_model(const TensorShapes& tensors);

}  // namespace furrow::engine::weights
