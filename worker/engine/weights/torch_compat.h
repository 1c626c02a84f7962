#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

#include "common/weights/safetensors.h"

namespace furrow::engine {

/// What newer versions of libtorch can do and older ones cannot. Everything else is written for
/// libtorch 1.13; only torch_compat.cpp asks for the version.

/// The type of 8-bit floats. Nothing: this libtorch has none (before 2.1).
std::optional<at::ScalarType> float8_type(weights::Dtype dtype);

/// How fused_attention scores keys.
struct AttentionScores {
  at::Tensor bias;         ///< added; [1 or B, heads, Tq, Tk] in the dtype of q, or undefined
  bool is_causal = false;  ///< query i sees keys 0 .. i; excludes a bias
  double scale = 1;
};

/// softmax(scale q k' + bias) v of [B, heads, T, d] in one kernel, which chooses how by the device.
/// Nothing: this libtorch has no such kernel for CPUs (before 2.1).
std::optional<at::Tensor> fused_attention(const at::Tensor& q, const at::Tensor& k,
                                          const at::Tensor& v, const AttentionScores& scores);

}  // namespace furrow::engine
