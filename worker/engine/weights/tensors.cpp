#include "worker/engine/weights/tensors.h"

#include <cstdint>
#include <cstring>
#include <string>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/version.h>

#include "worker/engine/weights/torch_compat.h"

namespace furrow::engine::weights {

namespace {

bool is_aligned(const StoredTensor& stored) {
  return reinterpret_cast<std::uintptr_t>(stored.bytes.data()) % size_of(stored.dtype) == 0;
}

// A weight as it lies in the file, whose bytes are only read; where libtorch cannot read it there,
// a copy.
Result<at::Tensor> view_of(const StoredTensor& stored) {
  const auto type = scalar_type(stored.dtype);
  if (type && !at::isFloatingType(*type)) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} numbers cannot be used as weights here", name_of(stored.dtype)));
  }
  if (!type || !is_aligned(stored)) return copy_tensor(stored);
  return at::from_blob(const_cast<char*>(stored.bytes.data()), stored.shape,
                       at::TensorOptions().dtype(*type));
}

}  // namespace

std::optional<at::ScalarType> scalar_type(Dtype dtype) {
  switch (dtype) {
    case Dtype::F64:
      return at::kDouble;
    case Dtype::F32:
      return at::kFloat;
    case Dtype::F16:
      return at::kHalf;
    case Dtype::BF16:
      return at::kBFloat16;
    case Dtype::I64:
      return at::kLong;
    case Dtype::I32:
      return at::kInt;
    case Dtype::I16:
      return at::kShort;
    case Dtype::I8:
      return at::kChar;
    case Dtype::U8:
      return at::kByte;
    case Dtype::Bool:
      return at::kBool;
    case Dtype::F8E4M3:
    case Dtype::F8E5M2:
      return float8_type(dtype);
  }
  return std::nullopt;
}

Result<at::Tensor> copy_tensor(const StoredTensor& stored) {
  const auto type = scalar_type(stored.dtype);
  if (!type) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} weights need libtorch 2.1 or newer, and this program has {}",
                            name_of(stored.dtype), TORCH_VERSION));
  }
  auto copy = at::empty(stored.shape, at::TensorOptions().dtype(*type));
  if (!stored.bytes.empty()) {
    std::memcpy(copy.data_ptr(), stored.bytes.data(), stored.bytes.size());
  }
  return copy;
}

Result<at::Tensor> copy_tensor(const SafetensorsFile& file, std::string_view name) {
  const auto* stored = file.find(name);
  if (stored == nullptr) {
    return fail(ErrorKind::NotFound,
                fmt::format("{} has no tensor \"{}\".", file.path().string(), name));
  }
  return copy_tensor(*stored);
}

at::Tensor change_layout(const at::Tensor& x, Change change) {
  switch (change) {
    case Change::None:
      return x;
    case Change::Transpose:
      return x.t().contiguous();
    case Change::SwapHalves: {
      const auto half = x.size(0) / 2;
      return at::cat({x.narrow(0, half, half), x.narrow(0, 0, half)});
    }
  }
  return x;
}

std::optional<Shape> changed_shape(const Shape& shape, Change change) {
  switch (change) {
    case Change::None:
      return shape;
    case Change::Transpose:
      if (shape.size() != 2) return std::nullopt;
      return Shape{shape[1], shape[0]};
    case Change::SwapHalves:
      if (shape.empty() || shape[0] % 2 != 0) return std::nullopt;
      return shape;
  }
  return std::nullopt;
}

Result<at::Tensor> read_as(const StoredTensor& stored, Placement placement) {
  FURROW_TRY(const auto view, view_of(stored));
  return view.to(placement.device, placement.dtype, /*non_blocking=*/false, /*copy=*/true);
}

Result<at::Tensor> read_convolution(const StoredTensor& stored, const Shape& shape,
                                    Placement placement) {
  FURROW_TRY(const auto view, view_of(stored));
  const auto options = at::TensorOptions().dtype(placement.dtype).device(placement.device);
  return at::empty(shape, options, at::MemoryFormat::ChannelsLast).copy_(view.reshape(shape));
}

}  // namespace furrow::engine::weights
