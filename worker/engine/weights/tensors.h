#pragma once

#include <optional>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/weights/safetensors.h"

namespace furrow::engine::weights {

/// The libtorch type of a stored one. Nothing: this libtorch has none (8-bit floats before 2.1).
std::optional<at::ScalarType> scalar_type(Dtype dtype);

/// A copy of a stored tensor: same shape and dtype, on the CPU, contiguous, owning its memory.
/// Errors: Invalid when this libtorch does not have the dtype.
Result<at::Tensor> copy_tensor(const StoredTensor& stored);

/// The tensor `name` of a file, copied. Errors: NotFound, naming the file; Invalid as copy_tensor.
Result<at::Tensor> copy_tensor(const SafetensorsFile& file, std::string_view name);

}  // namespace furrow::engine::weights
