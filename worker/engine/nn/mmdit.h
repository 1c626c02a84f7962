#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/attention_stream.h"
#include "worker/engine/nn/mmdit_config.h"
#include "worker/engine/nn/modulation.h"
#include "worker/engine/nn/time_text_embedding.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// Latents to tokens: squares of cells through one linear map, with their places added from a table
/// of which the middle is cut out to the size of the picture.
struct PatchEmbedding {
  Conv2d proj;                   // patch x patch, stride patch
  weights::Parameter pos_embed;  // [1, max * max, D]
  std::int64_t patch;
  std::int64_t max_size;

  PatchEmbedding(const weights::Scope& scope, const MmditConfig& config);

  /// [B, C, h, w] to [B, (h / patch) (w / patch), D]. Throws c10::Error when h or w cannot be cut
  /// into patches, or has more of them than the table.
  at::Tensor forward(const at::Tensor& latents) const;
};

/// JointTransformerBlock: image and text attend to each other, each with its own weights.
struct MmditBlock {
  /// The text's half of what follows the attention; none in the last block, whose text nobody
  /// reads.
  struct TextOut {
    Linear to_add_out;
    GeluMlp ff;  // "ff_context"

    TextOut(const weights::Scope& scope, std::int64_t width)
        : to_add_out(scope / "attn" / "to_add_out", width, width),
          ff(scope / "ff_context", width) {}
  };

  /// The image's second attention, to itself.
  struct DualAttention {
    AttentionStream stream;
    Linear to_out;  // "to_out.0"

    DualAttention(const weights::Scope& scope, const AttentionShape& shape)
        : stream(scope, shape, kImageStream),
          to_out(scope / "to_out" / 0, shape.width(), shape.width()) {}
  };

  AttentionShape shape;
  Modulation norm1;                            // 6 parts, 9 with a dual attention
  std::optional<Modulation> norm1_context;     // 6 parts
  std::optional<ContinuousNorm> last_context;  // "norm1_context" of the last block
  AttentionStream image;
  AttentionStream text;
  Linear to_out;  // "to_out.0"
  std::optional<DualAttention> attn2;
  GeluMlp ff;
  std::optional<TextOut> text_out;

  MmditBlock(const weights::Scope& scope, const MmditConfig& config, std::int64_t layer);

  struct Streams {
    at::Tensor image;  ///< [B, Ti, D]
    at::Tensor text;   ///< [B, Tt, D]
  };

  /// embedding: [B, D]. The last block leaves the text as it is.
  Streams forward(const Streams& in, const at::Tensor& embedding) const;

 private:
  at::Tensor image_half(const Streams& in, const std::vector<at::Tensor>& parts,
                        const at::Tensor& normed, const at::Tensor& attended) const;
};

/// The denoising network of Stable Diffusion 3 and 3.5: the multimodal diffusion transformer of
/// Esser et al. 2024 (arXiv:2403.03206), SD3Transformer2DModel of diffusers. Immutable once loaded;
/// any thread.
struct Mmdit {
  MmditConfig config;
  PatchEmbedding pos_embed;
  TimeTextEmbedding time_text_embed;
  Linear context_embedder;         // joint_attention_dim -> D
  std::vector<MmditBlock> blocks;  // "transformer_blocks"
  ContinuousNorm norm_out;
  Linear proj_out;  // D -> patch * patch * out_channels

  Mmdit(const weights::Scope& scope, const MmditConfig& config);

  /// @param latents     [B, in_channels, h, w], any float dtype; h and w multiples of patch_size,
  ///                    at most patch_size * pos_embed_max_size
  /// @param timesteps   [B], 0 .. 1000
  /// @param prompt      [B, T, joint_attention_dim], of CLIP and T5
  /// @param pooled      [B, pooled_projection_dim]
  /// @param skipped     blocks that are left out, counted from 0; the streams pass them unchanged
  /// @return            [B, out_channels, h, w] in the dtype of `latents`: the velocity, noise
  /// minus
  ///                    picture
  ///
  /// All on the device of the weights; computed in their dtype. Throws c10::Error on other shapes.
  at::Tensor forward(const at::Tensor& latents, const at::Tensor& timesteps,
                     const at::Tensor& prompt, const at::Tensor& pooled,
                     const std::vector<std::int64_t>& skipped = {}) const;
};

}  // namespace furrow::engine::nn
