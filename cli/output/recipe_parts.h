#pragma once

#include <string>

#include "cli/output/json.h"
#include "furrow/v1/recipe.pb.h"

namespace furrow::cli {

/// What a recipe has beyond what every recipe has, as pictures say it: "Denoising strength 0.5,
/// Mask blur 4"; empty when there is nothing.
std::string parts_text(const v1::Recipe& recipe);

/// The same by the field names of recipe.proto: hashes in hexadecimal, options by their names, and
/// only what is set.
Json parts_json(const v1::Recipe& recipe);

}  // namespace furrow::cli
