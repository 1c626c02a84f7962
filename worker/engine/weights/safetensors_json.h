#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "common/base/result.h"

namespace furrow::engine::weights {

/// Parses a header's JSON: an object, no name in it twice, nothing nested deeper than the lists in
/// the descriptions of tensors. So copies and texts of its values, which recurse, stay shallow.
/// Takes time in proportion to the text. The error is a sentence without the file's name.
Result<nlohmann::json> parse_header(std::string_view text);

}  // namespace furrow::engine::weights
