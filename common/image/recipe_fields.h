#pragma once

#include <string>
#include <utility>
#include <vector>

#include "furrow/v1/recipe.pb.h"

namespace furrow::image {

/// What a recipe says in the fields of A1111's text, in its order, without the prompts; sdnext's
/// names for what A1111 has none. As in both, what is as usual is left out.
///
/// Hashes are the first ten digits of the content's SHA-256, by which CivitAI knows a file
/// ("AutoV2").
std::vector<std::pair<std::string, std::string>> recipe_fields(const v1::Recipe& recipe);

}  // namespace furrow::image
