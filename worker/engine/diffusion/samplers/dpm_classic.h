#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

/// The singlestep solvers of the first DPM-Solver paper on the noise, with noise on top of the
/// latent, as k-diffusion has them: Lu et al. 2022 (arXiv:2206.00927), algorithms 1 and 2. They
/// step over lambda = −log sigma.
namespace furrow::engine::diffusion {

struct LambdaStep {
  double sigma = 0;
  double sigma_to = 0;

  double h() const;
  /// The sigma after the fraction r of the step.
  double sigma_at(double r) const;
};

/// The fractions of a step at which the solver of this order asks again: none, 1/2, 1/3 and 2/3.
std::vector<double> inner_fractions(int order);

/// Where a solver leads to from x.
///
/// @param eps  unit noises at the beginning of the step and at `fractions`, as far as they are
/// known
/// @param fraction  how much of the step is taken: less than 1 for the latent of an inner stage
at::Tensor dpm_solver_latent(const at::Tensor& x, const LambdaStep& step,
                             const std::vector<double>& fractions,
                             const std::vector<at::Tensor>& eps, double fraction = 1);

}  // namespace furrow::engine::diffusion
