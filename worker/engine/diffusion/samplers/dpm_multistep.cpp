// DPM-Solver++(1, 2M, 3M) and their relatives: Lu et al. 2022 (arXiv:2211.01095), algorithm 2. The
// derivatives come from the last steps; the first steps have lower order, and so have, in short
// runs, the last ones.

#include <algorithm>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/dpm_solver.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

class DpmMultistep final : public DpmSolver {
 public:
  explicit DpmMultistep(SamplerPlan plan) : DpmSolver(std::move(plan)) {}

 private:
  int order() const {
    const SchedulerConfig& config = plan_.config;
    int order = std::min(solver_order(), remembered_count());
    if (config.lower_order_final && is_short()) order = std::min(order, steps_left());
    const bool ends_first_order = config.euler_at_final || config.final_sigma == FinalSigma::Zero;
    return ends_first_order && steps_left() == 1 ? 1 : order;
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    remember(value_of(output), solver_order());
    Step step{.s = mix(), .t = mix(1), .D0 = remembered()};
    const int order = this->order();
    const double h = lambda(1) - lambda();
    if (order >= 2) {
      const double r0 = (lambda() - lambda(-1)) / h;
      step.D1 = (remembered() - remembered(1)) / r0;
      step.has_exact_slope = is_heun();
      if (order >= 3) {
        const double r1 = (lambda(-1) - lambda(-2)) / h;
        const at::Tensor change = step.D1 - (remembered(1) - remembered(2)) / r1;
        step.D1 = step.D1 + change * (r0 / (r0 + r1));
        step.D2 = change / (r0 + r1);
        step.has_exact_slope = true;
      }
    }
    return take(latent_, step, draw);
  }
};

}  // namespace

std::unique_ptr<Sampler> make_dpm_multistep(SamplerPlan plan) {
  return std::make_unique<DpmMultistep>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
