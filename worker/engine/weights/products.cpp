#include "worker/engine/weights/products.h"

#include <vector>

#include <ATen/ATen.h>

namespace furrow::engine::weights {

namespace {

// [n] to [n, 1, ...], to scale the rows of a tensor with so many dimensions.
at::Tensor per_row(const at::Tensor& scales, std::int64_t dimensions) {
  auto shape = std::vector<std::int64_t>(static_cast<std::size_t>(dimensions), 1);
  shape[0] = scales.size(0);
  return scales.view(shape);
}

// Adds to `y` what each adapter adds to its rows: `apply` maps some rows of `x` to it.
template <typename Apply>
void add_differences(at::Tensor& y, const at::Tensor& x, const Parameter& weight,
                     const Apply& apply) {
  TORCH_CHECK(x.size(0) == weight.row_count(), "the batch has ", x.size(0),
              " rows, and LoRAs were given for ", weight.row_count());
  for (const auto& delta : weight.row_deltas()) {
    const auto part = apply(x.index_select(0, delta.rows), delta);
    y.index_add_(0, delta.rows, part * per_row(delta.scales, part.dim()));
  }
}

// A bias that differs is the same at every place of a row; `channel` is the outputs' dimension.
void add_bias_differences(at::Tensor& y, const Parameter& bias, std::int64_t channel) {
  for (const auto& delta : bias.row_deltas()) {
    auto shape = std::vector<std::int64_t>(static_cast<std::size_t>(y.dim()), 1);
    shape[static_cast<std::size_t>(channel)] = delta.delta.size(0);
    const auto part = y.index_select(0, delta.rows)
                          .add_(delta.delta.view(shape) * per_row(delta.scales, y.dim()));
    y.index_copy_(0, delta.rows, part);
  }
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const Parameter& weight, const Parameter& bias) {
  if (weight.row_count() == 0 && bias.row_count() == 0) {
    return at::linear(x, weight.get(), bias.get());
  }
  auto y = at::linear(x, weight.loaded(), bias.loaded());
  if (weight.row_count() != 0) {
    add_differences(y, x, weight, [](const at::Tensor& rows, const Parameter::RowDelta& delta) {
      if (!delta.path) return at::linear(rows, delta.delta);
      return at::linear(at::linear(rows, delta.path->down), delta.path->up);
    });
  }
  add_bias_differences(y, bias, y.dim() - 1);
  return y;
}

at::Tensor conv2d(const at::Tensor& x, const Parameter& weight, const Parameter& bias,
                  std::int64_t stride, std::int64_t padding) {
  if (weight.row_count() == 0 && bias.row_count() == 0) {
    return at::conv2d(x, weight.get(), bias.get(), stride, padding);
  }
  auto y = at::conv2d(x, weight.loaded(), bias.loaded(), stride, padding);
  if (weight.row_count() != 0) {
    add_differences(y, x, weight, [&](const at::Tensor& rows, const Parameter::RowDelta& delta) {
      if (!delta.path) return at::conv2d(rows, delta.delta, {}, stride, padding);
      // The kernel and the stride are the first factor's; the second mixes channels.
      const auto& [down, up] = *delta.path;
      return at::conv2d(at::conv2d(rows, down, {}, stride, padding),
                        up.view({up.size(0), up.size(1), 1, 1}));
    });
  }
  add_bias_differences(y, bias, 1);
  return y;
}

}  // namespace furrow::engine::weights
