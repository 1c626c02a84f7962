#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/spec/plan.h"
#include "furrow/v1/recipe.pb.h"

namespace furrow::spec {

/// A recipe as people keep it in a file: Protobuf's JSON mapping, with the field names of
/// recipe.proto. recipe_from_json(recipe_to_json(r)) is r.
std::string recipe_to_json(const v1::Recipe& recipe);

/// Reads such a file, written by furrow or by hand: samplers and schedules in any accepted
/// spelling; what is left out takes the defaults of common/spec/plan.h, the size `default_side_px`,
/// the seed 0; so do the parts that only some recipes have, when they are written. The recipe that
/// comes out is settled (settle.h), but models and pictures may have a name and no hash. Errors:
/// Invalid, every fault a line: an unknown field, a number out of range, an unknown sampler.
Result<v1::Recipe> recipe_from_json(std::string_view json,
                                    std::uint32_t default_side_px = kDefaultSide);

}  // namespace furrow::spec
