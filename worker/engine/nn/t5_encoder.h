#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/layers.h"
#include "worker/engine/nn/rms_norm.h"
#include "worker/engine/nn/t5_config.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// All in the dtype of the weights.
struct T5Output {
  std::vector<at::Tensor> hidden_states;  ///< num_layers of [B, T, D]: what each block was given
  at::Tensor last_hidden_state;           ///< [B, T, D], after the final norm
};

/// One block of the encoder: attention and MLP, each behind a norm and beside a residual.
struct T5Block {
  struct SelfAttention {
    Linear q, k, v;  // D -> heads * d_kv
    Linear o;        // heads * d_kv -> D

    SelfAttention(const weights::Scope& scope, const T5Config& config);
  };

  /// "DenseReluDense". The gated one has wi_0 (through the activation) and wi_1, the other wi.
  struct FeedForward {
    std::optional<Linear> wi, wi_0, wi_1;  // D -> d_ff
    Linear wo;                             // d_ff -> D
    Activation activation;

    FeedForward(const weights::Scope& scope, const T5Config& config);

    /// [B, T, D] to the same.
    at::Tensor forward(const at::Tensor& x) const;
  };

  RmsNorm attention_norm;  // "layer.0.layer_norm"
  SelfAttention attention;
  RmsNorm feed_forward_norm;  // "layer.1.layer_norm"
  FeedForward feed_forward;
  std::int64_t heads;

  T5Block(const weights::Scope& scope, const T5Config& config);

  /// x [B, T, D] to the same. bias [1 or B, heads, T, T] is added to the scores, which are not
  /// scaled.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& bias) const;
};

/// The encoder of T5 (Raffel et al. 2020, arXiv:1910.10683) and T5 1.1. Tokens know their places
/// by a bias on the scores, learned per head and bucket of distances, the same in every block.
/// Immutable once loaded; any thread.
struct T5Encoder {
  T5Config config;
  Embedding embedding;                // "shared", or "encoder.embed_tokens"
  Embedding relative_attention_bias;  // [buckets, heads], in the first block's attention
  std::vector<T5Block> blocks;
  RmsNorm final_layer_norm;

  T5Encoder(const weights::Scope& scope, const T5Config& config);

  /// @param input_ids       [B, T] int64 below vocab_size, on the device of the weights
  /// @param attention_mask  [B, T], 0 where a token is hidden from all others; undefined: none is,
  ///                        as SD3 and Flux have it, padding included
  T5Output forward(const at::Tensor& input_ids, const at::Tensor& attention_mask = {}) const;

  /// What distance adds to the scores of `tokens` tokens: [1, heads, T, T].
  at::Tensor position_bias(std::int64_t tokens) const;
};

/// The bucket of every distance between `tokens` queries and keys: [T, T] int64. Half of `buckets`
/// is for keys behind the query; of each half, half is for one distance each and half for ranges
/// that grow exponentially up to `max_distance`, beyond which all share the last.
at::Tensor relative_position_buckets(std::int64_t tokens, std::int64_t buckets,
                                     std::int64_t max_distance);

}  // namespace furrow::engine::nn
