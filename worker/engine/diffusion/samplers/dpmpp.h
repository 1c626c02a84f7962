#pragma once

#include <ATen/core/Tensor.h>

#include "worker/engine/diffusion/prediction.h"
#include "worker/engine/diffusion/sampler.h"

namespace furrow::engine::diffusion {

/// What DPM-Solver++ and its stochastic form share: they integrate the clean latent over lambda,
/// the half logarithm of the signal-to-noise ratio, and take the slope of it from the step before.
class DpmSolver : public PreservingSampler {
 public:
  using PreservingSampler::PreservingSampler;

  at::Tensor noised(const at::Tensor& latent, const at::Tensor& noise, int call) const override;

 protected:
  /// One step in the paper's letters: from s to t, h = lambda_t − lambda_s.
  struct Step {
    Mix s;
    Mix t;
    double h;  ///< infinite in the step to 0
    at::Tensor D0;
    at::Tensor D1;  ///< undefined in a first-order step
  };

  virtual at::Tensor take(const Step& step, const DrawNoise& draw) const = 0;

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override;
  bool is_first_order() const;

  at::Tensor previous_denoised_;
  int previous_call_ = -1;
};

}  // namespace furrow::engine::diffusion
