#pragma once

#include "common/base/result.h"
#include "furrow/v1/recipe.pb.h"
#include "worker/engine/diffusion/scheduler_config.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/pipelines/conditioning.h"
#include "worker/engine/pipelines/denoiser.h"
#include "worker/engine/pipelines/denoising.h"
#include "worker/engine/pipelines/extra_channels.h"

/// From a recipe to a cell that is ready to be denoised. After that: Batcher, then decode_latents.
namespace furrow::engine::pipelines {

/// What a cell is begun with. Borrows all of it.
struct RunModel {
  const Denoiser& denoiser;
  const diffusion::SchedulerConfig& scheduler;  ///< the model's own
  const nn::AutoencoderKl& vae;                 ///< the model's own, or another for its latents
};

/// A cell at the beginning of its run: from noise; from a picture where the recipe has
/// image_to_image; by the mask where that has inpaint; with the channels that the network takes
/// beside the latent. Where the recipe has a refiner, it ends where that takes over.
///
/// An inpainting network without a mask makes the whole picture anew.
///
/// @param pictures  on any device, present where the recipe names them, of the recipe's size; a
///                  picture that is resized in the latent (RESIZE_MODE_LATENT) of its own
/// Errors: Invalid, naming the parameter of the recipe that cannot be used and what could.
Result<Denoising> begin(const RunModel& model, const v1::Recipe& recipe, Conditioning conditioning,
                        Pictures pictures = {});

/// The cell that goes on where `base`, a finished cell of the recipe's first model, ended: with the
/// refiner and its conditioning.
///
/// Requires: the recipe has a refiner.
/// Errors: as begin; Invalid also for a refiner of other latents, and for one that sees a picture
/// beside the latent.
Result<Denoising> begin_refiner(const RunModel& refiner, const v1::Recipe& recipe,
                                Conditioning conditioning, Denoising base);

}  // namespace furrow::engine::pipelines
