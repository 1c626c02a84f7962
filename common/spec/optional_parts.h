#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/spec/base_recipe.h"

/// What only some recipes have: a picture to begin with, hires fix, options of samplers and noise …
namespace furrow::spec {

/// Reads the parameters of these parts into `reading.recipe`. A part is there only when it decides
/// something: without a parameter or an axis of its own a recipe has none of them.
void read_optional_parts(const v1::Parameters& base, const BaseContext& context,
                         BaseReading& reading);

/// What contradicts itself or decides nothing, whether a parameter or an axis says it: a strength
/// without a picture, a mask without what it masks. Whole sentences.
/// @param varied  the fields of the axes
std::vector<std::string> faults_of_parts(const v1::Parameters& base,
                                         const std::set<std::string_view>& varied);

}  // namespace furrow::spec
