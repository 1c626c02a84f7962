#include "worker/engine/weights/tensors.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/version.h>

#include "common/base/files.h"
#include "worker/engine/weights/torch_compat.h"

namespace furrow::engine::weights {

namespace {

bool is_aligned(const StoredTensor& stored) {
  return reinterpret_cast<std::uintptr_t>(stored.bytes.data()) % size_of(stored.dtype) == 0;
}

// A weight as it lies in the file, whose bytes are only read; where libtorch cannot read it there,
// a copy.
Result<at::Tensor> view_of(const StoredTensor& stored, const std::shared_ptr<const void>& memory) {
  const auto type = scalar_type(stored.dtype);
  if (type && !at::isFloatingType(*type)) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} numbers cannot be used as weights here", name_of(stored.dtype)));
  }
  if (!type || !is_aligned(stored)) return copy_tensor(stored);
  if (stored.is_mapped) MappedFile::prefetch(stored.bytes);
  return at::from_blob(
      const_cast<char*>(stored.bytes.data()), stored.shape, [memory](void*) {},
      at::TensorOptions().dtype(*type));
}

// What was converted is not needed from the file again: it would take memory beside the weights.
void forget(const StoredTensor& stored) {
  if (stored.is_mapped) MappedFile::forget(stored.bytes);
}

bool is_as_wanted(const at::Tensor& view, Placement placement) {
  return placement.device.is_cpu() && view.scalar_type() == placement.dtype;
}

// [O, I, p] to [O, p, I] in memory, where p are the positions of a kernel. libtorch's copy between
// layouts goes number by number.
template <typename Number>
void swap_channels_and_positions(const at::Tensor& from, at::Tensor& to, std::int64_t channels,
                                 std::int64_t positions) {
  const auto* source = static_cast<const Number*>(from.data_ptr());
  auto* target = static_cast<Number*>(to.data_ptr());
  const std::int64_t filter = channels * positions;
  constexpr std::int64_t kNumbersATask = 1 << 16;
  const std::int64_t grain =
      std::max<std::int64_t>(1, kNumbersATask / std::max<std::int64_t>(1, filter));
  at::parallel_for(0, from.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t o = begin; o < end; ++o) {
      const Number* in = source + o * filter;
      Number* out = target + o * filter;
      for (std::int64_t p = 0; p < positions; ++p)
        for (std::int64_t i = 0; i < channels; ++i) out[p * channels + i] = in[i * positions + p];
    }
  });
}

// A contiguous convolution [O, I, kh, kw] channels last, on the CPU.
at::Tensor channels_last(const at::Tensor& weight) {
  at::Tensor last = at::empty(weight.sizes(), weight.options(), at::MemoryFormat::ChannelsLast);
  const std::int64_t channels = weight.size(1);
  const std::int64_t positions = weight.size(2) * weight.size(3);
  switch (weight.element_size()) {
    case 2:
      swap_channels_and_positions<std::uint16_t>(weight, last, channels, positions);
      return last;
    case 4:
      swap_channels_and_positions<std::uint32_t>(weight, last, channels, positions);
      return last;
    default:
      return last.copy_(weight);
  }
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

Result<at::Tensor> read_as(const StoredTensor& stored, Placement placement,
                           const std::shared_ptr<const void>& memory) {
  FURROW_TRY(const auto view, view_of(stored, memory));
  if (memory != nullptr && is_as_wanted(view, placement)) return view;
  auto value = view.to(placement.device, placement.dtype, /*non_blocking=*/false, /*copy=*/true);
  forget(stored);
  return value;
}

Result<at::Tensor> read_convolution(const StoredTensor& stored, const Shape& shape,
                                    Placement placement,
                                    const std::shared_ptr<const void>& memory) {
  FURROW_TRY(const auto view, view_of(stored, memory));
  const auto weight = view.reshape(shape);
  const bool has_one_position = shape[2] * shape[3] == 1;
  if (memory != nullptr && has_one_position && is_as_wanted(weight, placement)) return weight;
  auto value = channels_last(weight.to(placement.dtype)).to(placement.device);
  forget(stored);
  return value;
}

}  // namespace furrow::engine::weights
