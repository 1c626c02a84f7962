#pragma once

#include "common/base/result.h"
#include "furrow/v1/recipe.pb.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/pipelines/denoising.h"
#include "worker/engine/pipelines/extra_channels.h"

/// Runs that make a part of a picture anew.
namespace furrow::engine::pipelines {

struct InpaintOptions {
  double strength = 1;  ///< 1: begins with pure noise, whatever the picture
  /// What the latent is under the mask before noise is added. FILL is a matter of the picture's
  /// pixels and here the same as ORIGINAL.
  v1::MaskedContent content = v1::MASKED_CONTENT_ORIGINAL;
};

/// Starts a cell of an ordinary network (SeenBeside::Nothing), which gets the rest of the picture
/// put back after each call, or of an inpainting network (SeenBeside::MaskedPicture), which sees
/// it. Draws in the reference's order: for the picture's latent where one is needed, the noise, for
/// the masked picture's latent.
///
/// Requires: `network` is one of the two, `pictures` has both.
/// Errors: as first_step_of.
Result<void> begin_inpainting(Denoising& cell, const nn::AutoencoderKl& vae, SeenBeside network,
                              const Pictures& pictures, const InpaintOptions& options);

}  // namespace furrow::engine::pipelines
