#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/clip_text_config.h"
#include "worker/engine/nn/layers.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// All in the dtype of the weights.
struct ClipTextOutput {
  std::vector<at::Tensor> hidden_states;  ///< num_hidden_layers + 1 of [B, T, D]: the embeddings,
                                          ///< then what each layer gives, without the final norm
  at::Tensor last_hidden_state;           ///< [B, T, D], the last of them after the final norm
  at::Tensor pooler_output;               ///< [B, D], last_hidden_state at the end token
  std::optional<at::Tensor> text_embeds;  ///< [B, projection_dim], where the model projects
};

/// One layer of the text encoder: attention and MLP, each behind a norm and beside a residual.
struct ClipEncoderLayer {
  struct SelfAttention {
    Linear q_proj, k_proj, v_proj, out_proj;  // D -> D

    SelfAttention(const weights::Scope& scope, std::int64_t width)
        : q_proj(scope / "q_proj", width, width),
          k_proj(scope / "k_proj", width, width),
          v_proj(scope / "v_proj", width, width),
          out_proj(scope / "out_proj", width, width) {}
  };

  struct Mlp {
    Linear fc1, fc2;  // D -> intermediate_size -> D

    Mlp(const weights::Scope& scope, std::int64_t width, std::int64_t inner)
        : fc1(scope / "fc1", width, inner), fc2(scope / "fc2", inner, width) {}
  };

  LayerNorm layer_norm1;
  SelfAttention self_attn;
  LayerNorm layer_norm2;
  Mlp mlp;
  std::int64_t heads;
  Activation activation;

  ClipEncoderLayer(const weights::Scope& scope, const ClipTextConfig& config);

  /// x: [B, T, D] to the same. Causal: a token sees those before it.
  at::Tensor forward(const at::Tensor& x) const;
};

/// The text encoder of CLIP (Radford et al. 2021, arXiv:2103.00020). Immutable once loaded; any
/// thread.
struct ClipText {
  ClipTextConfig config;
  Embedding token_embedding;
  Embedding position_embedding;
  std::vector<ClipEncoderLayer> layers;
  LayerNorm last_norm;  // "final_layer_norm"
  std::optional<Linear> text_projection;

  ClipText(const weights::Scope& scope, const ClipTextConfig& config);

  /// @param input_ids  [B, T] int64, T <= max_position_embeddings, on the device of the weights
  /// @param added      [n, D], embeddings of the ids from vocab_size on (textual inversion), any
  ///                   float dtype; undefined: there are none. Never taken for the end token
  /// Throws c10::Error on other input.
  ClipTextOutput forward(const at::Tensor& input_ids, const at::Tensor& added = {}) const;

  /// The norm that last_hidden_state has and hidden_states have not; for clip skip.
  at::Tensor final_layer_norm(const at::Tensor& hidden_state) const;

 private:
  at::Tensor embed(const at::Tensor& input_ids, const at::Tensor& added) const;
};

}  // namespace furrow::engine::nn
