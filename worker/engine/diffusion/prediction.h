#pragma once

#include <ATen/core/Tensor.h>

#include "worker/engine/diffusion/scheduler_config.h"

/// From what the network says to the clean latent it means. All latents [B, C, h, w] float32, any
/// device.
namespace furrow::engine::diffusion {

/// The clean latent where noise is added on top: x = x0 + sigma · eps (variance exploding, Karras
/// et al. 2022). The network has seen x / √(sigma² + 1).
/// Requires: not Prediction::Flow.
at::Tensor denoised_exploding(Prediction prediction, const at::Tensor& x, const at::Tensor& output,
                              double sigma);

/// One level of noise where it is mixed in: x = alpha · x0 + sigma · eps. Diffusion preserves the
/// variance, alpha² + sigma² = 1 (Song et al. 2021); flow matching goes straight, alpha + sigma
/// = 1.
struct Mix {
  double alpha = 1;
  double sigma = 0;

  /// From Karras' sigma, which is sigma / alpha of the mix.
  static Mix of_sigma(double sigma);
  /// From the cumulative product of alphas, in [0, 1].
  static Mix of_alpha_cumprod(double alpha_cumprod);
  /// From flow matching's sigma, in [0, 1].
  static Mix of_flow(double sigma);
  /// Half the logarithm of the signal-to-noise ratio; infinite without noise, and about -23 without
  /// signal.
  double lambda() const;
};

/// The clean latent of a mix. Prediction::Flow requires a mix of_flow.
at::Tensor denoised_mixed(Prediction prediction, const at::Tensor& x, const at::Tensor& output,
                          Mix mix);

/// The noise of a mix, straight from the network's output. Requires, for Prediction::Sample:
/// mix.sigma > 0.
at::Tensor noise_of(Prediction prediction, const at::Tensor& x, const at::Tensor& output, Mix mix);

/// The noise in x, given its clean latent. Requires: mix.sigma > 0.
at::Tensor noise_in(const at::Tensor& x, const at::Tensor& denoised, Mix mix);

/// Imagen's dynamic thresholding (arXiv:2205.11487, section 2.3): each latent is clamped to the
/// `dynamic_thresholding_ratio` quantile of its magnitudes, itself kept in [1, sample_max_value],
/// and divided by it.
at::Tensor thresholded(const at::Tensor& denoised, const SchedulerConfig& config);

}  // namespace furrow::engine::diffusion
