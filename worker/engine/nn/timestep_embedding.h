#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/activation.h"
#include "worker/engine/nn/layers.h"

namespace furrow::engine::nn {

/// Sines and cosines of the timestep at `width` / 2 frequencies from 1 down to about 1 / 10000
/// (Vaswani et al. 2017, arXiv:1706.03762, section 3.5).
///
/// @param timesteps  [B], float or integer
/// @param flip       cosines first, as Stable Diffusion has it
/// @param shift      taken from the number of frequencies when they are spread
/// @return           [B, width] float32
at::Tensor sinusoidal_embedding(const at::Tensor& timesteps, std::int64_t width, bool flip,
                                double shift);

/// The guidance scale as a latent consistency model takes it (Luo et al. 2023, arXiv:2310.04378,
/// section 4.3): sines, then cosines, of 1000 times it.
///
/// @param guidance  [B] float; the guidance scale minus 1
/// @param width     of the network's timestep_cond (time_cond_proj_dim)
/// @return          [B, width] float32
at::Tensor guidance_embedding(const at::Tensor& guidance, std::int64_t width);

struct TimestepEmbeddingShape {
  std::int64_t width = 0;
  std::int64_t dim = 0;
  std::int64_t condition_width = 0;  ///< of what is added to the sinusoids; 0: takes none
  Activation activation = Activation::Silu;
};

/// Two linears that turn the sinusoids into what every resnet is shifted by.
struct TimestepEmbedding {
  std::optional<Linear> cond_proj;  // condition_width -> width
  Linear linear_1;                  // width -> dim
  Linear linear_2;                  // dim -> dim
  Activation activation;

  TimestepEmbedding(const weights::Scope& scope, const TimestepEmbeddingShape& shape);

  /// sinusoids [B, width], condition [B, condition_width] or undefined; gives [B, dim].
  at::Tensor forward(const at::Tensor& sinusoids, const at::Tensor& condition = {}) const;
};

}  // namespace furrow::engine::nn
