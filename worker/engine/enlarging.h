#pragma once

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "furrow/v1/recipe.pb.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/nn/upscaler.h"

namespace furrow::engine {

/// The latent that hires fix begins with: that of the first run, enlarged in the latent or as a
/// decoded picture, by a filter or an upscaler. What an upscaler leaves too small or makes too
/// large Lanczos brings to the size.
///
/// @param latent    [1, C, h, w] clean, VAE-scaled
/// @param upscaler  of hires.upscaler_model, or null where it names none
/// @return          [1, C, H / f, W / f] float32 on the same device, VAE-scaled
/// Errors: Invalid, when hires names a way that is not known.
Result<at::Tensor> enlarged_for_hires(const at::Tensor& latent, const v1::HiresFix& hires,
                                      const nn::AutoencoderKl& vae, const nn::Upscaler* upscaler);

}  // namespace furrow::engine
