// DPM-Solver++(2S, 3S) and their relatives: Lu et al. 2022 (arXiv:2206.00927, algorithms 1 and 2,
// and arXiv:2211.01095, algorithm 1), on a schedule whose levels are the stages: steps are taken in
// groups of one, two or three levels, each step of a group from the group's beginning and with one
// more value. So every step asks the model once.

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/dpm_solver.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

/// The order of every step: groups of 1, 2, …, `order`. The last step of all falls back to first
/// order where lower orders are wanted at the end, and always when it ends without noise.
std::vector<int> orders_of(int steps, int order, const SchedulerConfig& config) {
  const bool ends_clean = config.final_sigma == FinalSigma::Zero;
  const bool lowers = config.lower_order_final || steps % order != 0 || ends_clean;
  std::vector<int> orders;
  for (int i = 0; i < steps; ++i) orders.push_back(i % order + 1);
  if (lowers && order > 1 && steps % order == 0) orders.back() = 1;
  if (ends_clean) orders.back() = 1;
  return orders;
}

class DpmSinglestep final : public DpmSolver {
 public:
  explicit DpmSinglestep(SamplerPlan plan)
      : DpmSolver(std::move(plan)),
        orders_(orders_of(step_count(), solver_order(), plan_.config)) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    remember(value_of(output), solver_order());
    // A run that begins within a group begins a group.
    const int order = std::min(orders_[index()], remembered_count());
    if (order == 1) begin_ = latent_;
    return take(begin_, step_of(order), draw);
  }

  /// From the group's beginning, `order` − 1 steps back, to the end of this step.
  Step step_of(int order) const {
    const int back = order - 1;
    Step step{.s = mix(-back), .t = mix(1), .D0 = remembered(back)};
    if (order == 1) return step;
    const double begin = lambda(-back);
    const double h = lambda(1) - begin;
    const auto slope_to = [&](int newer) {
      return (remembered(newer) - remembered(back)) / ((lambda(-newer) - begin) / h);
    };
    step.D1 = slope_to(0);
    step.has_exact_slope = is_heun() || order == 3;
    if (order == 3 && is_heun()) {
      const double r0 = (lambda() - begin) / h;
      const double r1 = (lambda(-1) - begin) / h;
      const at::Tensor early = slope_to(1);
      step.D2 = (step.D1 - early) * (2 / (r0 - r1));
      step.D1 = (early * r0 - step.D1 * r1) / (r0 - r1);
    }
    return step;
  }

  const std::vector<int> orders_;
  at::Tensor begin_;  // the latent at the beginning of the group
};

}  // namespace

std::unique_ptr<Sampler> make_dpm_singlestep(SamplerPlan plan) {
  return std::make_unique<DpmSinglestep>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
