#pragma once

#include <cstdint>

#include "furrow/v1/recipe.pb.h"

namespace furrow::spec {

/// The sides of hires fix that follow from a scale or from one side alone are multiples of this.
inline constexpr std::uint32_t kHiresMultiple = 8;

/// Makes a recipe say what it means, and nothing else, so that two that give the same picture are
/// the same: an automatic schedule becomes the sampler's own; a scale of hires fix, or one side of
/// it, becomes both sides, to the nearest multiple of kHiresMultiple; what the second run shares
/// with the first is left out, as are hires fix without a size, padding around a mask of which the
/// whole picture is rendered, a seed that varies nothing, a refiner without a model, and messages
/// in which nothing is set. Does not change a recipe that it made.
void settle(v1::Recipe& recipe);

/// A side of hires fix, in pixels.
std::uint32_t hires_side(double side_px);

}  // namespace furrow::spec
