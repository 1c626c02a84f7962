#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

#include "worker/engine/weights/safetensors.h"

namespace furrow::engine {

/// What newer versions of libtorch can do and older ones cannot. Everything else is written for
/// libtorch 1.13; only torch_compat.cpp asks for the version.

/// The type of 8-bit floats. Nothing: this libtorch has none (before 2.1).
std::optional<at::ScalarType> float8_type(weights::Dtype dtype);

/// softmax(q k' / sqrt(d)) v of [B, heads, T, d] in one kernel, which chooses how by the device.
/// Nothing: this libtorch has no such kernel for CPUs (before 2.1).
std::optional<at::Tensor> fused_attention(const at::Tensor& q, const at::Tensor& k,
                                          const at::Tensor& v, bool is_causal);

}  // namespace furrow::engine
