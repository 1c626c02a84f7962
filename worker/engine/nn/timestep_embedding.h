#pragma once

#include <cstdint>

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

/// Two linears that turn the sinusoids into what every resnet is shifted by.
struct TimestepEmbedding {
  Linear linear_1;  // width -> dim
  Linear linear_2;  // dim -> dim
  Activation activation;

  TimestepEmbedding(const weights::Scope& scope, std::int64_t width, std::int64_t dim,
                    Activation activation);

  /// [B, width] to [B, dim]
  at::Tensor forward(const at::Tensor& sinusoids) const;
};

}  // namespace furrow::engine::nn
