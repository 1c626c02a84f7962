#include "worker/engine/diffusion/guidance.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

namespace furrow::engine::diffusion {
namespace {

/// The standard deviation of each latent, [B, 1, 1, 1].
at::Tensor deviation(const at::Tensor& x) {
  return x.std(at::IntArrayRef({1, 2, 3}), /*unbiased=*/true, /*keepdim=*/true);
}

}  // namespace

at::Tensor composed(const at::Tensor& negative, const at::Tensor& positives,
                    std::span<const double> weights) {
  if (weights.size() == 1 && weights.front() == 1) return positives;
  at::Tensor sum = negative.defined() ? negative : at::zeros_like(positives.narrow(0, 0, 1));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const at::Tensor positive = positives.narrow(0, static_cast<std::int64_t>(i), 1);
    sum = sum + (negative.defined() ? positive - negative : positive) * weights[i];
  }
  return sum;
}

at::Tensor guided(const at::Tensor& negative, const at::Tensor& positive, double guidance_scale,
                  double rescale) {
  const at::Tensor strong = negative + (positive - negative) * guidance_scale;
  if (rescale == 0) return strong;
  const at::Tensor calm = strong * (deviation(positive) / deviation(strong));
  return calm * rescale + strong * (1 - rescale);
}

}  // namespace furrow::engine::diffusion
