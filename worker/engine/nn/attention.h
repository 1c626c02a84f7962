#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

namespace furrow::engine::nn {

enum class Mask {
  None,
  Causal,  ///< query i sees keys 0 .. i; as many queries as keys
};

/// softmax(q k' / sqrt(d)) v per head (Vaswani et al. 2017, arXiv:1706.03762, equation 1). The
/// heads lie side by side in the last dimension, as linear layers give them.
///
/// @param q  [B, Tq, heads * d]
/// @param k  [B, Tk, heads * d]
/// @param v  [B, Tk, heads * d]
/// @return   [B, Tq, heads * d] contiguous, dtype and device of q
///
/// The softmax sums in float32. Memory beyond copies of the arguments and the result is
/// kScoreBytes, however many tokens there are; only a row longer than that takes more.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     std::int64_t heads, Mask mask = Mask::None);

/// softmax(scale q k' + bias) v, otherwise as above: positions and masks come as numbers.
///
/// @param bias   [1 or B, 1 or heads, Tq, Tk], dtype and device of q; hidden keys have its lowest
///               value
/// @param scale  of the scores; nothing: 1 / sqrt(d)
at::Tensor biased_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            std::int64_t heads, const at::Tensor& bias,
                            std::optional<double> scale = std::nullopt);

/// Scores are computed so many bytes at a time. They stay in a core's cache between the two
/// products and the softmax, and in the same memory: fresh pages cost more than the arithmetic.
inline constexpr std::int64_t kScoreBytes = std::int64_t{2} << 20;

}  // namespace furrow::engine::nn
