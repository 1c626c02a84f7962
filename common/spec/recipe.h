#pragma once

#include <string>

#include "common/base/digest.h"
#include "furrow/v1/recipe.pb.h"

namespace furrow::spec {

/// The canonical form of a recipe: the bytes whose SHA-256 is its identity.
///
///   furrow-recipe/1\n
///   field=value\n …          fields in their order in recipe.proto, fields at their default left
///   out
///
/// Texts are written as JSON strings; numbers in the shortest form that reads back equal; models as
/// the hexadecimal hash of their content, so a renamed model is the same model. A field added later
/// is left out at its default, so old identities stand.
std::string canonical_form(const v1::Recipe& recipe);

Digest recipe_hash(const v1::Recipe& recipe);

}  // namespace furrow::spec
