// SDE-DPM-Solver++(2M): the stochastic form of Lu et al. 2022 (arXiv:2211.01095), appendix C.
//
//   x' = sigma_t / sigma_s e^-h x + alpha_t (1 - e^-2h) D0 + [half of the same, times D1]
//        + sigma_t sqrt(1 - e^-2h) z
//
// The second-order term is the midpoint rule's, or Heun's: + alpha_t ((1 - e^-2h) / -2h + 1) D1.
// Noise is drawn in every step, the last one included, where sigma_t may be 0.

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/dpmpp.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class Dpmpp2mSde final : public DpmSolver {
 public:
  using DpmSolver::DpmSolver;

 private:
  at::Tensor take(const Step& step, const DrawNoise& draw) const override {
    const double growth = 1 - std::exp(-2 * step.h);
    at::Tensor x = latent_ * (step.t.sigma / step.s.sigma * std::exp(-step.h)) +
                   step.D0 * (step.t.alpha * growth);
    if (step.D1.defined()) {
      const bool is_midpoint = plan_.config.solver_type == SolverType::Midpoint;
      const double weight = is_midpoint ? 0.5 * growth : growth / (-2 * step.h) + 1;
      x = x + step.D1 * (step.t.alpha * weight);
    }
    return x + draw() * (step.t.sigma * std::sqrt(growth));
  }
};

}  // namespace

std::unique_ptr<Sampler> make_dpmpp_2m_sde(SamplerPlan plan) {
  return std::make_unique<Dpmpp2mSde>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
