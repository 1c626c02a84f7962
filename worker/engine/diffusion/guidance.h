#pragma once

#include <ATen/core/Tensor.h>

namespace furrow::engine::diffusion {

/// Whether a guidance scale needs the model's answer to the negative prompt: at 1 that cancels out.
inline bool needs_negative(double guidance_scale) {
  return guidance_scale != 1.0;
}

/// Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598) as Stable Diffusion scales it:
/// negative + scale · (positive − negative).
///
/// @param negative, positive  the model's outputs [B, C, h, w], any prediction type
/// @param rescale  0 … 1: how far the result's deviation is drawn back to that of `positive`, which
///                 keeps strong guidance from over-exposing (arXiv:2305.08891, section 3.4)
at::Tensor guided(const at::Tensor& negative, const at::Tensor& positive, double guidance_scale,
                  double rescale = 0);

}  // namespace furrow::engine::diffusion
