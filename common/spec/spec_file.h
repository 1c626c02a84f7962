#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/spec/spec_tree.h"
#include "furrow/v1/spec.pb.h"

/// The forms in which people write a sweep: a document, or flags. Names and values are resolved
/// later, by make_plan (common/spec/plan.h).
namespace furrow::spec {

/// Reads a sweep from YAML or from JSON of the same shape:
///
///   name: first
///   owner: ada             # may be left out, like all others
///   priority: 0
///   params:                # any parameter by its field, or a label of A1111 or sdnext
///     prompt: a cat face
///     steps: 20
///     cfg: 6
///     sampler: Euler a
///     size: 128x128        # or width and height
///     init_image: cat.png  # a file; so is mask
///   axes:                  # in order, the first varies fastest
///     - {axis: Prompt S/R, values: "cat face, dog face, rocket", role: x}
///     - {axis: CFG scale, values: [1, 3, 5]}   # a list is taken literally, an entry a value
///     - Seed: 1-4
///
/// `axes` may also be a map: {CFG scale: 1-9 (+2), Seed: [1, 2]}. Errors: Invalid with every fault
/// found, one sentence a line, each with its line in the document. Of pictures only the names are
/// read, as they are written.
Result<v1::JobSpec> read_spec(std::string_view text, SpecFormat format);

/// An axis as a flag gives it: "CFG scale: 1-9 (+2)".
Result<v1::AxisSpec> parse_axis_flag(std::string_view text, v1::AxisRole role);

/// Sets one parameter by its field or a label of it ("cfg", "Sampling steps"); "size" sets width
/// and height, "init_image" and "mask" the name of a file. Errors: Invalid, a sentence that begins
/// with the name.
Result<void> set_parameter(v1::Parameters& parameters, std::string_view name,
                           std::string_view text);

}  // namespace furrow::spec
