// DPM-Solver++(2M): Lu et al. 2022, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion
// Probabilistic Models" (arXiv:2211.01095), algorithm 2.
//
//   x' = sigma_t / sigma_s x - alpha_t (e^-h - 1) D0 - [half of the same, times D1]
//
// The second-order term is the midpoint rule's, or, as the reference names it, Heun's:
// + alpha_t ((e^-h - 1) / h + 1) D1.

#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/dpmpp.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class Dpmpp2m final : public DpmSolver {
 public:
  using DpmSolver::DpmSolver;

 private:
  at::Tensor take(const Step& step, const DrawNoise&) const override {
    const double decay = std::exp(-step.h) - 1;
    const at::Tensor first =
        latent_ * (step.t.sigma / step.s.sigma) - step.D0 * (step.t.alpha * decay);
    if (!step.D1.defined()) return first;
    if (plan_.config.solver_type == SolverType::Midpoint)
      return first - step.D1 * (0.5 * step.t.alpha * decay);
    return first + step.D1 * (step.t.alpha * (decay / step.h + 1));
  }
};

}  // namespace

std::unique_ptr<Sampler> make_dpmpp_2m(SamplerPlan plan) {
  return std::make_unique<Dpmpp2m>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
