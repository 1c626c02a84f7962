#include "worker/engine/diffusion/guidance.h"

#include <vector>

#include <ATen/ATen.h>

namespace furrow::engine::diffusion {
namespace {

/// The standard deviation of each latent, [B, 1, 1, 1].
at::Tensor deviation(const at::Tensor& x) {
  return x.std(at::IntArrayRef({1, 2, 3}), /*unbiased=*/true, /*keepdim=*/true);
}

}  // namespace

at::Tensor guided(const at::Tensor& negative, const at::Tensor& positive, double guidance_scale,
                  double rescale) {
  const at::Tensor strong = negative + (positive - negative) * guidance_scale;
  if (rescale == 0) return strong;
  const at::Tensor calm = strong * (deviation(positive) / deviation(strong));
  return calm * rescale + strong * (1 - rescale);
}

}  // namespace furrow::engine::diffusion
