#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/layers.h"
#include "worker/engine/nn/rms_norm.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// Queries, keys and values, each [B, T, heads * d].
struct Qkv {
  at::Tensor q, k, v;
};

/// What a stream's projections are called in checkpoints.
struct StreamNames {
  std::string_view q, k, v;
  std::string_view norm_q, norm_k;
};

inline constexpr StreamNames kImageStream = {"to_q", "to_k", "to_v", "norm_q", "norm_k"};
inline constexpr StreamNames kTextStream = {"add_q_proj", "add_k_proj", "add_v_proj",
                                            "norm_added_q", "norm_added_k"};

/// The size of an attention; its width is heads * head_width.
struct AttentionShape {
  std::int64_t heads = 0;
  std::int64_t head_width = 0;
  bool norms_qk = false;  ///< queries and keys go through RMS norms, per head

  std::int64_t width() const { return heads * head_width; }
};

/// How one stream of tokens (image or text) enters an attention that streams share: its own
/// projections, then all attend to all (MMDiT, Esser et al. 2024, arXiv:2403.03206, figure 2).
struct AttentionStream {
  Linear q, k, v;  // width -> width
  std::optional<RmsNorm> norm_q, norm_k;
  std::int64_t heads;

  AttentionStream(const weights::Scope& scope, const AttentionShape& shape,
                  const StreamNames& names);

  /// x [B, T, width], already modulated.
  Qkv project(const at::Tensor& x) const;
};

/// The tokens of `first`, then those of `second`.
Qkv joined(const Qkv& first, const Qkv& second);

/// Where tokens stand, as angles that their queries and keys are turned by, so that scores know
/// their distance (Su et al. 2021, arXiv:2104.09864). Each axis of the position has its own part of
/// the width; a pair of neighbouring features is one complex number.
struct RotaryTable {
  at::Tensor cosines;  ///< [T, 1, d] float32, each value twice
  at::Tensor sines;    ///< [T, 1, d] float32

  /// @param ids   [T, axes], positions
  /// @param axes  how much of the width each axis takes; even numbers, d in sum
  static RotaryTable of(const at::Tensor& ids, const std::vector<std::int64_t>& axes);

  /// x [B, T, heads * d] turned; dtype stays.
  at::Tensor rotate(const at::Tensor& x, std::int64_t heads) const;
};

}  // namespace furrow::engine::nn
