#pragma once

#include <optional>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/weights/parameter.h"
#include "worker/engine/weights/safetensors.h"

namespace furrow::engine::weights {

/// The libtorch type of a stored one. Nothing: this libtorch has none (8-bit floats before 2.1).
std::optional<at::ScalarType> scalar_type(Dtype dtype);

/// A copy of a stored tensor: same shape and dtype, on the CPU, contiguous, owning its memory.
/// Errors: Invalid when this libtorch does not have the dtype.
Result<at::Tensor> copy_tensor(const StoredTensor& stored);

/// The tensor `name` of a file, copied. Errors: NotFound, naming the file; Invalid as copy_tensor.
Result<at::Tensor> copy_tensor(const SafetensorsFile& file, std::string_view name);

/// A weight in the dtype and on the device of `placement`, read from the file in one pass; owns its
/// memory. Errors: Invalid for integers, which are no weights without a scale, and for what
/// copy_tensor refuses.
Result<at::Tensor> read_as(const StoredTensor& stored, Placement placement);

}  // namespace furrow::engine::weights
