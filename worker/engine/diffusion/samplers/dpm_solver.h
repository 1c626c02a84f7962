#pragma once

#include <ATen/core/Tensor.h>

#include "worker/engine/diffusion/samplers/multistep.h"

namespace furrow::engine::diffusion {

/// What the DPM-Solvers share: Lu et al. 2022, "DPM-Solver" (arXiv:2206.00927) and "DPM-Solver++"
/// (arXiv:2211.01095). A step from s to t with h = lambda_t − lambda_s is
///
///   x' = c_x x + c_0 D0 + c_1 D1 + c_2 D2 + c_z z
///
/// D0 is the value at s, of the clean latent (++) or of the noise, D1 and D2 its first and second
/// derivative over lambda in units of h; z is noise, of the stochastic (sde-) forms alone. Their
/// share of fresh noise, eta, is 1; the form on the clean latent takes others, as k-diffusion has
/// it.
class DpmSolver : public MultistepSampler {
 protected:
  explicit DpmSolver(SamplerPlan plan);

  struct Step {
    Mix s;
    Mix t;
    at::Tensor D0;
    at::Tensor D1 = {};  ///< undefined in a first-order step
    at::Tensor D2 = {};  ///< undefined below third order
    /// D1 is exact at the ends of the step, not in its middle: SolverType::Heun and third order.
    bool has_exact_slope = false;
  };

  at::Tensor take(const at::Tensor& x, const Step& step, const DrawNoise& draw) const;

  /// What the algorithm integrates; sets denoised_.
  at::Tensor value_of(const at::Tensor& output);

  bool is_heun() const { return plan_.config.solver_type == SolverType::Heun; }

 private:
  bool integrates_x0_;
  bool is_stochastic_;
  double eta_;  // the share of fresh noise; 0 where the algorithm has none
};

}  // namespace furrow::engine::diffusion
