#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/diffusion/prediction.h"
#include "worker/engine/diffusion/sampler.h"

namespace furrow::engine::diffusion {

/// Samplers that go along sigma itself: dx / dsigma = d = (x − denoised) / sigma (Karras et al.
/// 2022, equation 1). Noise lies on top of the latent, x = x0 + sigma eps, and the model sees x /
/// √(sigma² + 1); a model of flow matching mixes it, x = (1 − sigma) x0 + sigma eps, follows the
/// same equation, and sees x.
class SigmaSampler : public Sampler {
 public:
  double initial_scale() const override;
  at::Tensor noised(const at::Tensor& latent, const at::Tensor& noise, int call) const override;
  at::Tensor model_input() const override;

 protected:
  using Sampler::Sampler;

  bool is_flow() const { return plan_.config.is_flow; }

  /// The sigma at which the current step begins, or that of `ahead` steps further on.
  double sigma(int ahead = 0) const;

  /// The clean latent that the model means by `output`, clamped where the config says so.
  at::Tensor denoise(const at::Tensor& x, const at::Tensor& output, double sigma) const;

  /// d at x; sets denoised_.
  at::Tensor slope(const at::Tensor& x, const at::Tensor& output, double sigma);

  /// Where a step with churn really begins: noise is added to the latent, s_churn as it is for a
  /// run of `parts` steps. Nothing is drawn without churn.
  struct Churned {
    at::Tensor x;
    double sigma_hat = 0;
  };

  Churned churned(const DrawNoise& draw, std::size_t parts) const;

  /// d at a churned latent. The model has seen x at sigma: an epsilon is taken to hold at
  /// sigma_hat, anything else is not. Sets denoised_.
  at::Tensor churned_slope(const Churned& from, const at::Tensor& output);
};

/// A step of ancestral sampling: down to sigma_down, below where the step shall end, and up again
/// by fresh noise: scale · x + noise · eps.
struct AncestralStep {
  double sigma_down = 0;
  double scale = 1;  ///< not 1 only where noise is mixed in
  double noise = 0;

  /// @param eta  the share of the noise that is fresh: 0 none, 1 as much as the diffusion has
  static AncestralStep between(double sigma, double sigma_next, double eta, bool is_flow);
};

/// Samplers whose latent is a mix, x = alpha x0 + sigma eps, which the model sees as it is.
class MixingSampler : public Sampler {
 public:
  double initial_scale() const override { return 1; }

  at::Tensor noised(const at::Tensor& latent, const at::Tensor& noise, int call) const override;

  at::Tensor model_input() const override { return latent_; }

 protected:
  using Sampler::Sampler;

  /// The mix that a call expects.
  virtual Mix mix_of(int call) const = 0;

  /// The clean latent, thresholded or clamped where the config says so.
  at::Tensor denoise(const at::Tensor& x, const at::Tensor& output, Mix mix) const;
};

/// Samplers that know only the model's own whole timesteps.
class TimestepSampler : public MixingSampler {
 protected:
  using MixingSampler::MixingSampler;

  Mix mix_of(int call) const override { return mix_at(timestep_of(call)); }

  /// Requires: a trained timestep.
  Mix mix_at(double timestep) const { return Mix::of_alpha_cumprod(alpha_cumprod(timestep)); }

  double alpha_cumprod(double timestep) const {
    return plan_.trained.alphas_cumprod[static_cast<std::size_t>(timestep)];
  }

  /// What stands behind the last timestep: no noise, or the first trained level.
  double final_alpha_cumprod() const {
    return plan_.config.set_alpha_to_one ? 1 : plan_.trained.alphas_cumprod.front();
  }
};

}  // namespace furrow::engine::diffusion
