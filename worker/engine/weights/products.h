#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "worker/engine/weights/parameter.h"

namespace furrow::engine::weights {

// The products with a weight in which the rows of a batch may differ by their LoRAs: what all rows
// share is computed once, and every LoRA's difference only for the rows that have it.

/// y = x W' + b over the last dimension.
///
/// @param x     [B, ..., in]; row i has the adapters that Parameter::adapt_rows gave row i
/// @param bias  absent: none
/// @return      [B, ..., out]
/// Throws c10::Error when the rows of `weight` differ and x has another number of rows.
at::Tensor linear(const at::Tensor& x, const Parameter& weight, const Parameter& bias);

/// Convolution: x [B, in, H, W] to [B, out, H', W'], the same stride and padding in both
/// directions; otherwise as linear.
at::Tensor conv2d(const at::Tensor& x, const Parameter& weight, const Parameter& bias,
                  std::int64_t stride, std::int64_t padding);

}  // namespace furrow::engine::weights
