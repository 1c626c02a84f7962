#pragma once

#include <map>
#include <string>

#include "common/base/result.h"
#include "common/model/traits.h"
#include "common/weights/shape.h"

namespace furrow::model {

using Metadata = std::map<std::string, std::string>;

/// What a file of weights is. The tensors decide; the metadata of a header (kohya's "ss_…",
/// Stability's "modelspec.…") only what no tensor tells.
///
/// Errors: Invalid, with a sentence (without the file's name) that goes on behind "…: ".
Result<Traits> recognise(const engine::weights::TensorShapes& tensors, const Metadata& metadata);

/// The family that a file's metadata names; empty: none.
std::string family_by_metadata(const Metadata& metadata);

}  // namespace furrow::model
