#pragma once

#include <cstdint>
#include <utility>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/nn/clip_text.h"
#include "worker/engine/nn/t5_encoder.h"

/// From token ids to what the denoising network of each family is conditioned on. Ids are [B, T]
/// int64 on the device of the encoders; results are in their dtype.
///
/// Clip skip counts from the end: 1 (or 0) is the layer that the family is trained on, 2 the one
/// before it, and so on. Errors of all: Invalid, when an encoder has fewer layers.
namespace furrow::engine::pipelines {

struct TextConditioning {
  TextConditioning() = default;

  TextConditioning(at::Tensor its_states, at::Tensor its_pooled = {})
      : states(std::move(its_states)), pooled(std::move(its_pooled)) {}

  at::Tensor states;  ///< [B, T, D], what the network attends to
  at::Tensor pooled;  ///< [B, P], the whole prompt in one vector; undefined for SD 1.x and 2.x
};

/// Stable Diffusion 1.x and 2.x: a layer's states through the final layer norm, whichever it is.
Result<TextConditioning> condition_sd(const nn::ClipText& encoder, const at::Tensor& ids,
                                      std::int64_t clip_skip = 1);

/// The two encoders of SDXL and SD3, CLIP ViT-L and OpenCLIP ViT-bigG, and their ids.
struct ClipPair {
  const nn::ClipText& l;
  const nn::ClipText& g;
  const at::Tensor& ids_l;
  const at::Tensor& ids_g;
};

/// One encoder of SDXL or SD3: the states before its last layer, without the norm; pooled is what
/// its projection makes of its end token, undefined where it has none.
Result<TextConditioning> condition_xl_encoder(const nn::ClipText& encoder, const at::Tensor& ids,
                                              std::int64_t clip_skip = 1);

/// SDXL: the states of both encoders before their last layer side by side, without the norm; pooled
/// is what the second projects its end token to.
Result<TextConditioning> condition_sdxl(const ClipPair& clip, std::int64_t clip_skip = 1);

/// SD3: the states as for SDXL, filled up with zeros to `width`, and behind them those of T5;
/// pooled are the projections of both.
///
/// @param t5      nothing: its states are zeros, `t5_tokens` of them, as the model knows it too
/// @param ids_t5  undefined without t5
/// @param width   of the prompt embeddings, the transformer's joint_attention_dim
struct Sd3Prompt {
  ClipPair clip;
  const nn::T5Encoder* t5 = nullptr;
  at::Tensor ids_t5;
  std::int64_t t5_tokens = 256;
  std::int64_t width = 4096;
};

Result<TextConditioning> condition_sd3(const Sd3Prompt& prompt, std::int64_t clip_skip = 1);

/// SD3's prompt from the states of its three encoders, [B, T, D] each, as condition_sd3 joins them.
Result<at::Tensor> join_sd3_states(const at::Tensor& l, const at::Tensor& g, const at::Tensor& t5);

/// Flux: the states of T5, padding included; pooled is CLIP's end token without a projection.
TextConditioning condition_flux(const nn::ClipText& clip, const at::Tensor& ids_clip,
                                const nn::T5Encoder& t5, const at::Tensor& ids_t5);

/// Where Flux's transformer is told that a prompt's tokens stand: all at zero.
///
/// @param prompt  [B, T, D]
/// @return        [T, 3], dtype and device of `prompt`
at::Tensor flux_text_ids(const at::Tensor& prompt);

/// What stands for an empty negative prompt in SDXL models that say so
/// (force_zeros_for_empty_prompt): zeros.
TextConditioning zeros_like(const TextConditioning& conditioning);

}  // namespace furrow::engine::pipelines
