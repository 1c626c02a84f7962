#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "common/base/result.h"
#include "worker/engine/nn/layers.h"
#include "worker/engine/weights/checkpoint.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

struct ResamplerConfig {
  std::int64_t embedding = 0;  ///< width of the states that it takes
  std::int64_t tokens = 0;     ///< that it gives
  std::int64_t width = 0;      ///< inside
  std::int64_t out_width = 0;  ///< of the tokens
  std::int64_t inner = 0;      ///< of the attentions, all heads together
  std::int64_t expanded = 0;   ///< inside the MLPs
  std::int64_t layers = 0;

  /// By the shapes of the tensors whose names begin with `prefix`. Errors: Invalid.
  static Result<ResamplerConfig> read(const weights::Checkpoint& checkpoint,
                                      const std::string& prefix);
};

/// Attention of the tokens to the states and themselves, and an MLP, each beside a residual.
struct ResamplerLayer {
  LayerNorm norm1;  // "0.norm1", of the states
  LayerNorm norm2;  // "0.norm2", of the tokens
  Linear to_q, to_kv, to_out;
  LayerNorm mlp_norm;      // "1.0"
  Linear mlp_in, mlp_out;  // "1.1", "1.3", GELU between them

  ResamplerLayer(const weights::Scope& scope, const ResamplerConfig& config);

  /// states [B, T, width], tokens [B, t, width]; gives [B, t, width].
  at::Tensor forward(const at::Tensor& states, const at::Tensor& tokens) const;
};

/// Looks at all states of an image encoder and gives a few tokens: the resampler of Flamingo
/// (Alayrac et al. 2022, arXiv:2204.14198), as IP-Adapter Plus has it.
struct Resampler {
  Parameter latents;  // [1, tokens, width], learnt
  Linear proj_in;
  std::vector<ResamplerLayer> layers;
  Linear proj_out;
  LayerNorm norm_out;

  Resampler(const weights::Scope& scope, const ResamplerConfig& config);

  /// [B, T, embedding] to [B, tokens, out_width].
  at::Tensor forward(const at::Tensor& states) const;
};

}  // namespace furrow::engine::nn
