#pragma once

#include <span>

#include <ATen/core/Tensor.h>

namespace furrow::engine::diffusion {

/// Whether guidance needs the model's answer to the negative prompt: when the scale times the
/// weight of all prompts together is 1, that cancels out.
inline bool needs_negative(double guidance_scale, double total_weight = 1) {
  return guidance_scale * total_weight != 1.0;
}

/// Several prompts as one, by composable diffusion (Liu et al. 2022, arXiv:2206.01714, algorithm
/// 1): negative + Σ weight_i · (positive_i − negative), whose guidance at a scale is that of all of
/// them.
///
/// @param negative   the model's output [1, C, h, w], any prediction type; undefined: it cancels
/// out
///                   (needs_negative), and is left out
/// @param positives  [K, C, h, w], one for each of the K weights
/// @return           [1, C, h, w]; a single positive of weight 1 is itself
at::Tensor composed(const at::Tensor& negative, const at::Tensor& positives,
                    std::span<const double> weights);

/// Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598) as Stable Diffusion scales it:
/// negative + scale · (positive − negative).
///
/// @param negative, positive  the model's outputs [B, C, h, w], any prediction type
/// @param rescale  0 … 1: how far the result's deviation is drawn back to that of `positive`, which
///                 keeps strong guidance from over-exposing (arXiv:2305.08891, section 3.4)
at::Tensor guided(const at::Tensor& negative, const at::Tensor& positive, double guidance_scale,
                  double rescale = 0);

}  // namespace furrow::engine::diffusion
