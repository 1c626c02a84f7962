#pragma once

#include <string>

#include "common/base/digest.h"
#include "furrow/v1/recipe.pb.h"

namespace furrow::spec {

/// The canonical form of a recipe: the bytes whose SHA-256 is its identity.
///
///   furrow-recipe/1\n
///   field=value\n …          in their order in recipe.proto; fields that are 0 or empty left out
///
/// A field of a message within is written with its path, "hires.steps=10"; a LoRA of the list as
/// "lora=HASH", one a line. Texts are JSON strings in which only ", \ and control characters
/// (\u00xx) are escaped; numbers the shortest form that reads back equal; what is true is 1; an
/// enum is its number, left out when it means what the unspecified one means; `optional` fields are
/// written whenever they are present. Models and pictures are the hexadecimal hash of their
/// content, so a renamed model is the same model. A field added later is left out at 0, so old
/// identities stand.
std::string canonical_form(const v1::Recipe& recipe);

Digest recipe_hash(const v1::Recipe& recipe);

}  // namespace furrow::spec
