#pragma once

#include <optional>

#include "furrow/v1/recipe.pb.h"

namespace furrow::engine {

/// The denoising runs that a picture is made of, in their order. Each has a model and a size, and
/// so a batch of its own.
enum class Run {
  First,
  Refiner,  ///< goes on where the first model stops
  Hires,    ///< begins anew, larger, with what the runs before it gave
};

/// The run after this one; nothing: the latent is to be decoded.
std::optional<Run> run_after(Run run, const v1::Recipe& recipe);

/// What one run is made by: the recipe with only what concerns it, its size, model, prompts and
/// sampler as its own. Of the hires run, which always begins with a latent, image_to_image holds
/// the denoising strength and no picture.
v1::Recipe recipe_of(Run run, const v1::Recipe& recipe);

/// Without what only later stages look at: cells that are equal in it have the same latents after
/// the runs before hires fix. A VAE counts where a picture is encoded.
v1::Recipe base_recipe_of(const v1::Recipe& recipe);

}  // namespace furrow::engine
