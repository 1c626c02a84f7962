#pragma once

#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "common/base/clock.h"
#include "furrow/v1/engine.pb.h"
#include "worker/engine/input_pictures.h"
#include "worker/engine/model_loras.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/pipelines/conditioning.h"
#include "worker/engine/pipelines/denoising.h"
#include "worker/engine/render_queue.h"
#include "worker/engine/runs.h"

namespace furrow::engine {

/// A cell under way, in one of its runs. Its denoising is in the batcher.
struct Attempt {
  v1::RenderCell cell;
  Run run = Run::First;
  v1::Recipe recipe;                       ///< of the run (recipe_of)
  pipelines::RecipePrompts prompts;        ///< of the run
  pipelines::RecipePrompts first_prompts;  ///< of the first run
  CellLoras loras;
  InputPictures inputs;
  std::shared_ptr<const nn::AutoencoderKl> vae;
  std::string latent_key;  ///< tells apart what the runs before hires fix give
  at::Tensor latent;       ///< [1, C, h, w], what the last run gave
  v1::Timing timing;
  int steps_before = 0;  ///< of the runs before
  Instant previewed;     ///< when its last preview was made
};

/// Pixels of a picture of this size.
inline std::int64_t pixels(const v1::Recipe& recipe) {
  return std::int64_t{recipe.width()} * recipe.height();
}

/// How many steps a run does, and how many of them are done: it may begin and end within its
/// schedule.
int steps_of(const pipelines::Denoising& denoising);
int steps_done(const pipelines::Denoising& denoising);

/// Where a cell stands between two of its runs.
struct SoFar {
  Attempt attempt;
  pipelines::Denoising denoising;  ///< of the run that ended; a refiner goes on from it
};

}  // namespace furrow::engine
