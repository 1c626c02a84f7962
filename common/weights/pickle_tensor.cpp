#include "common/weights/pickle_tensor.h"

#include <algorithm>

#include <fmt/format.h>

namespace furrow::engine::weights::pickle {

namespace {

// The index after the last element's, counted from the storage's begin; nothing: beyond 64 bits.
// Requires: no size is 0.
bool find_end(const TensorRef& tensor, std::uint64_t& end) {
  end = tensor.offset;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    std::uint64_t reach = 0;
    if (__builtin_mul_overflow(static_cast<std::uint64_t>(tensor.shape[i] - 1),
                               static_cast<std::uint64_t>(tensor.strides[i]), &reach) ||
        __builtin_add_overflow(end, reach, &end)) {
      return false;
    }
  }
  return !__builtin_add_overflow(end, std::uint64_t{1}, &end);
}

}  // namespace

Result<void> check_tensor(const TensorRef& tensor) {
  const auto invalid = [&](std::string_view what) {
    return fail(ErrorKind::Invalid,
                fmt::format("it has a tensor {} with strides {} at {} of {} elements, which {}",
                            to_string(tensor.shape), to_string(tensor.strides), tensor.offset,
                            tensor.storage.elements, what));
  };
  if (tensor.shape.size() != tensor.strides.size()) return invalid("is no shape");
  std::int64_t elements = 1;  // signed: strides are, and count as far
  bool is_empty = false;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] < 0 || tensor.strides[i] < 0) return invalid("is no shape");
    is_empty = is_empty || tensor.shape[i] == 0;
    const auto size = std::max<std::int64_t>(tensor.shape[i], 1);
    if (__builtin_mul_overflow(elements, size, &elements)) return invalid("is no shape");
  }
  if (is_empty) return {};
  std::uint64_t end = 0;
  if (!find_end(tensor, end) || end > tensor.storage.elements) {
    return invalid("reaches beyond its storage");
  }
  if (static_cast<std::uint64_t>(elements) > tensor.storage.elements)
    return invalid("repeats elements of its storage");
  return {};
}

std::vector<std::int64_t> row_major_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

bool is_row_major(const TensorRef& tensor) {
  const auto strides = row_major_strides(tensor.shape);
  for (std::size_t i = 0; i < strides.size(); ++i) {
    if (tensor.shape[i] > 1 && tensor.strides[i] != strides[i]) return false;
  }
  return true;
}

std::uint64_t element_count(const TensorRef& tensor) {
  std::uint64_t elements = 1;
  for (const auto size : tensor.shape) elements *= static_cast<std::uint64_t>(size);
  return elements;
}

}  // namespace furrow::engine::weights::pickle
