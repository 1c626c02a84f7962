#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "common/weights/module_map.h"
#include "common/weights/safetensors.h"
#include "common/weights/shape.h"
#include "worker/engine/weights/parameter.h"

namespace furrow::engine::weights {

/// The libtorch type of a stored one. Nothing: this libtorch has none (8-bit floats before 2.1).
std::optional<at::ScalarType> scalar_type(Dtype dtype);

/// A copy of a stored tensor: same shape and dtype, on the CPU, contiguous, owning its memory.
/// Errors: Invalid when this libtorch does not have the dtype.
Result<at::Tensor> copy_tensor(const StoredTensor& stored);

/// The tensor `name` of a file, copied. Errors: NotFound, naming the file; Invalid as copy_tensor.
Result<at::Tensor> copy_tensor(const SafetensorsFile& file, std::string_view name);

/// `x` after a change of layout: a tensor of its own, contiguous, unless nothing changes. Requires:
/// a transposed tensor has two dimensions; one of halves an even number of rows.
at::Tensor change_layout(const at::Tensor& x, Change change);

/// The shape that change_layout gives. Nothing: the requirement does not hold.
std::optional<Shape> changed_shape(const Shape& shape, Change change);

/// A weight in the dtype and on the device of `placement`, read from the file in one pass.
///
/// @param memory  what the stored bytes lie in. A weight that the file has in that dtype is not
///                copied: it lies there, is only to be read, and keeps `memory`. Null: every weight
///                owns its memory
/// Errors: Invalid for integers, which are no weights without a scale, and for what copy_tensor
/// refuses.
Result<at::Tensor> read_as(const StoredTensor& stored, Placement placement,
                           const std::shared_ptr<const void>& memory = nullptr);

/// The same of a convolution, channels last, as feature maps lie; one of more than one position is
/// always copied. `shape` has four dimensions and as many numbers as the tensor.
Result<at::Tensor> read_convolution(const StoredTensor& stored, const Shape& shape,
                                    Placement placement,
                                    const std::shared_ptr<const void>& memory = nullptr);

}  // namespace furrow::engine::weights
