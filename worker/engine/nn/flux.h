#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/attention_stream.h"
#include "worker/engine/nn/flux_config.h"
#include "worker/engine/nn/modulation.h"
#include "worker/engine/nn/time_text_embedding.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// FluxTransformerBlock: image and text attend to each other, each with its own weights.
struct FluxDoubleBlock {
  struct Stream {
    Modulation norm1;  // shift, scale and gate of the attention, then those of the MLP
    AttentionStream qkv;
    Linear out;
    GeluMlp ff;
  };

  Stream image;  // "norm1", "attn.to_out.0", "ff"
  Stream text;   // "norm1_context", "attn.to_add_out", "ff_context"

  FluxDoubleBlock(const weights::Scope& scope, const FluxConfig& config);

  struct Tokens {
    at::Tensor image;  ///< [B, Ti, D]
    at::Tensor text;   ///< [B, Tt, D]
  };

  /// embedding [B, D]; places of the text's tokens, then the image's.
  Tokens forward(const Tokens& in, const at::Tensor& embedding, const RotaryTable& places) const;
};

/// FluxSingleTransformerBlock: all tokens in one stream, attention and MLP side by side.
struct FluxSingleBlock {
  Modulation norm;  // shift, scale, gate
  AttentionStream qkv;
  Linear proj_mlp;  // D -> 4 D
  Linear proj_out;  // D + 4 D -> D

  FluxSingleBlock(const weights::Scope& scope, const FluxConfig& config);

  /// x [B, Tt + Ti, D] to the same.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& embedding,
                     const RotaryTable& places) const;
};

/// One pass's arguments.
struct FluxInput {
  at::Tensor latents;    ///< [B, Ti, in_channels], a token for 2 by 2 latent cells
  at::Tensor prompt;     ///< [B, Tt, joint_attention_dim], of T5
  at::Tensor pooled;     ///< [B, pooled_projection_dim], of CLIP
  at::Tensor timesteps;  ///< [B], 0 .. 1
  at::Tensor guidance;   ///< [B], the guidance scale; undefined where the model takes none
  at::Tensor image_ids;  ///< [Ti, axes], where each token stands: 0, row, column
  at::Tensor text_ids;   ///< [Tt, axes], zeros
};

/// The denoising network of Flux (Black Forest Labs 2024, github.com/black-forest-labs/flux):
/// FluxTransformer2DModel of diffusers. Immutable once loaded; any thread.
struct FluxTransformer {
  FluxConfig config;
  TimeTextEmbedding time_text_embed;
  Linear context_embedder;                     // joint_attention_dim -> D
  Linear x_embedder;                           // in_channels -> D
  std::vector<FluxDoubleBlock> double_blocks;  // "transformer_blocks"
  std::vector<FluxSingleBlock> single_blocks;  // "single_transformer_blocks"
  ContinuousNorm norm_out;
  Linear proj_out;  // D -> out_channels

  FluxTransformer(const weights::Scope& scope, const FluxConfig& config);

  /// Gives [B, Ti, out_channels] in the dtype of the latents: the velocity, noise minus picture.
  ///
  /// All on the device of the weights; computed in their dtype. Throws c10::Error on other shapes,
  /// and when the guidance scale is missing or not wanted.
  at::Tensor forward(const FluxInput& in) const;
};

}  // namespace furrow::engine::nn
