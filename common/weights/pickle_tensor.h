#pragma once

#include "common/base/result.h"
#include "common/weights/pickle.h"

namespace furrow::engine::weights::pickle {

/// Whether every element of a tensor lies in its storage, and there are no more of them than the
/// storage has, so that none of them costs memory that the file did not. Errors: Invalid.
Result<void> check_tensor(const TensorRef& tensor);

/// The strides of a tensor that lies row-major without gaps.
std::vector<std::int64_t> row_major_strides(const std::vector<std::int64_t>& shape);

/// Whether it lies so; the strides of sizes of 1 do not matter.
bool is_row_major(const TensorRef& tensor);

/// Product of the sizes. Requires: check_tensor passed.
std::uint64_t element_count(const TensorRef& tensor);

}  // namespace furrow::engine::weights::pickle
