#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/added_conditioning.h"
#include "worker/engine/nn/layers.h"

namespace furrow::engine::nn {

/// What the tokens of a feature map look at beside themselves.
struct Attended {
  at::Tensor prompt;                      ///< [B, T, D]
  std::span<const ImagePrompt> pictures;  ///< none, or with a layer for every TransformerBlock
};

/// Attention of tokens to a context, or to themselves, with its four projections.
struct CrossAttention {
  Linear to_q;    // width -> width
  Linear to_k;    // context_width -> width
  Linear to_v;    // context_width -> width
  Linear to_out;  // width -> width; "to_out.0" in checkpoints, where 1 is a dropout
  std::int64_t heads;

  CrossAttention(const weights::Scope& scope, std::int64_t width, std::int64_t context_width,
                 std::int64_t heads);

  /// x [B, T, width], context [B, T', context_width]; gives [B, T, width].
  at::Tensor forward(const at::Tensor& x, const at::Tensor& context) const;

  /// The same with a second attention to each of `pictures`, of which `layer` is this one's.
  at::Tensor forward(const at::Tensor& x, const Attended& attended, std::size_t layer) const;
};

/// The MLP of a transformer block, gated by GELU (GEGLU, Shazeer 2020, arXiv:2002.05202).
struct FeedForward {
  Linear proj;    // width -> 2 * 4 width, "net.0.proj": values, then gates
  Linear linear;  // 4 width -> width, "net.2"

  FeedForward(const weights::Scope& scope, std::int64_t width);

  /// [B, T, width] to the same.
  at::Tensor forward(const at::Tensor& x) const;
};

struct TransformerShape {
  std::int64_t channels = 0;
  std::int64_t heads = 0;
  std::int64_t layers = 1;
  std::int64_t context_width = 0;     ///< of the prompt embeddings
  bool only_cross_attention = false;  ///< attn1 looks at the prompt too
  std::int64_t groups = 32;
};

/// Self-attention, attention to the prompt, MLP; each behind a norm and beside a residual.
struct TransformerBlock {
  LayerNorm norm1;
  CrossAttention attn1;
  LayerNorm norm2;
  CrossAttention attn2;
  LayerNorm norm3;
  FeedForward ff;
  bool only_cross_attention;
  std::int64_t width;
  std::size_t image_layer = 0;  // which layer of an ImagePrompt attn2 looks at

  TransformerBlock(const weights::Scope& scope, const TransformerShape& shape);

  /// x [B, T, channels] to the same.
  at::Tensor forward(const at::Tensor& x, const Attended& attended) const;
};

/// Transformer blocks over the cells of a feature map, beside a residual (Transformer2DModel).
struct Transformer2d {
  GroupNorm norm;
  Linear proj_in;  // channels -> channels; a 1x1 convolution in SD 1.x files, which is the same
  std::vector<TransformerBlock> transformer_blocks;
  Linear proj_out;

  Transformer2d(const weights::Scope& scope, const TransformerShape& shape);

  /// x [B, channels, h, w] to the same.
  at::Tensor forward(const at::Tensor& x, const Attended& attended) const;
};

}  // namespace furrow::engine::nn
