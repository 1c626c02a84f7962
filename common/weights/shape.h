#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace furrow::engine::weights {

using Shape = std::vector<std::int64_t>;

/// What a file's header says of its tensors, without their data.
using TensorShapes = std::map<std::string, Shape, std::less<>>;

}  // namespace furrow::engine::weights
