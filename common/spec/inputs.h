#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "furrow/v1/recipe.pb.h"

/// What a recipe names and does not hold, all of it by hash: pictures, which the coordinator keeps,
/// and weights, which workers have on their disks.
namespace furrow::spec {

/// The largest file of a picture that the farm keeps.
inline constexpr std::uint64_t kMaxInputBytes = std::uint64_t{64} << 20;

/// Whether a file that begins with `bytes` is PNG, JPEG or WebP by its signature: what everybody on
/// its way asks. Whether it can be decoded shows in the engine. Requires: at least its first 12
/// bytes, or all of them.
bool is_picture(std::string_view bytes);

/// The pictures that a recipe names, each content once.
std::vector<v1::PictureRef> inputs_of(const v1::Recipe& recipe);

/// Those of all cells of a plan.
std::vector<v1::PictureRef> inputs_of(const v1::Plan& plan);

/// What weights are to a recipe.
enum class ModelPart { Model, Vae, Lora, Refiner, Upscaler };

/// "model", "VAE", "LoRA", "refiner", "upscaler": for sentences.
std::string_view name_of(ModelPart part);

struct NamedModel {
  ModelPart part = ModelPart::Model;
  const v1::ModelRef* model = nullptr;  ///< of the recipe; never null
};

/// Every set of weights that a recipe names, the model first. The result refers to `recipe`.
std::vector<NamedModel> models_of(const v1::Recipe& recipe);

/// Whether two recipes are rendered with the same weights.
bool have_same_models(const v1::Recipe& a, const v1::Recipe& b);

}  // namespace furrow::spec
