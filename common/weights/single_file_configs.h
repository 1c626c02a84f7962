#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "common/base/result.h"
#include "common/weights/shape.h"
#include "common/weights/single_file_map.h"

namespace furrow::engine::weights {

/// The config.json that a component of a whole checkpoint would have in a diffusers folder. A
/// checkpoint has none: its sizes are read off the shapes of its tensors, and what no shape tells
/// (heads, activations, the scale of latents) is what all released models of the family have. Of a
/// model that was trained with other heads it comes out wrong; such a one needs its config.
///
/// @param tensors    of the whole file, that `map` was made from
/// @param component  one of map.components()
/// Errors: Invalid, naming a tensor that the component must have and has not.
Result<nlohmann::json> infer_config(const TensorShapes& tensors, const SingleFileMap& map,
                                    std::string_view component);

}  // namespace furrow::engine::weights
