// SA-Solver: Xue et al. 2023, "SA-Solver: Stochastic Adams Solver for Fast Sampling of Diffusion
// Models" (arXiv:2309.05019), algorithm 1, on the clean latent. With H = (1 + tau^2) h
//
//   x_t = sigma_t / sigma_s e^{-tau^2 h} x + alpha_t H sum_j w_j D_j
//         + sigma_t sqrt(1 - e^{-2 tau^2 h}) z
//
// w are the exponential weights of H (samplers/exponential.h). When the next call says what the
// model means at t, the step is taken again with that and the same noise: the corrector. With two
// values the slope is taken to hold in the middle of the step, as the reference does. tau is eta
// between timesteps 200 and 800, and 0 elsewhere.

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/exponential.h"
#include "worker/engine/diffusion/samplers/multistep.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

constexpr double kStochasticFrom = 0.2;  // of the trained timesteps
constexpr double kStochasticTo = 0.8;

class SaSolver final : public MultistepSampler {
 public:
  explicit SaSolver(SamplerPlan plan) : MultistepSampler(std::move(plan)) {}

 private:
  struct Value {
    double lambda;
    at::Tensor denoised;
  };

  int corrector_order() const {
    const int wanted = plan_.options.solver_order;
    return wanted > 0 ? wanted : plan_.config.corrector_order;
  }

  double tau_of(int call) const {
    const double t = timestep_of(call) / plan_.config.num_train_timesteps;
    const bool is_stochastic = t >= kStochasticFrom && t <= kStochasticTo;
    return is_stochastic ? plan_.options.eta.value_or(1) : 0;
  }

  std::vector<double> weights_of(const std::vector<double>& nodes, double H) const {
    if (nodes.size() != 2) return exponential_weights(nodes, H);
    return weights_of_moments(nodes, {phi(1, -H), 0.5});
  }

  /// The step that begins `ahead` levels from here, through these values.
  at::Tensor step_from(int ahead, const at::Tensor& x, const std::vector<Value>& values,
                       const at::Tensor& noise) const {
    const Mix s = mix(ahead);
    const Mix t = mix(ahead + 1);
    const double h = t.lambda() - s.lambda();
    const double tau = tau_of(call_ + ahead);
    const double H = (1 + tau * tau) * h;
    at::Tensor next = x * (t.sigma / s.sigma * std::exp(-tau * tau * h));
    if (h == 0) return next;
    std::vector<double> nodes;
    for (const Value& value : values) nodes.push_back((value.lambda - s.lambda()) / h);
    const auto weights = weights_of(nodes, H);
    for (std::size_t j = 0; j < values.size(); ++j)
      next = next + values[j].denoised * (t.alpha * H * weights[j]);
    const double added = t.sigma * std::sqrt(1 - std::exp(-2 * tau * tau * h));
    return next + noise * (added * plan_.options.s_noise);
  }

  /// The newest `count` values, of which the first was remembered `back` steps ago.
  std::vector<Value> values_from(int back, int count) const {
    std::vector<Value> values;
    for (int i = 0; i < count; ++i) values.push_back({lambda(-back - i), remembered(i)});
    return values;
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    denoised_ = denoise(latent_, output, mix());
    begin_ = remembered_count() > 0 ? corrected() : latent_;
    remember(denoised_, std::max(solver_order(), corrector_order() - 1));
    noise_ = draw();
    int order = std::min(solver_order(), remembered_count());
    if (plan_.config.lower_order_final) order = std::min(order, steps_left());
    return step_from(0, begin_, values_from(0, order), noise_);
  }

  /// The corrected step had one step more before it than this one, and the corrector takes one
  /// value more than the step: hence lower_order_final's bound.
  at::Tensor corrected() const {
    int order = std::min(corrector_order(), remembered_count() + 1);
    if (plan_.config.lower_order_final) order = std::min(order, steps_left() + 2);
    std::vector<Value> values = {{lambda(), denoised_}};
    for (const Value& value : values_from(1, order - 1)) values.push_back(value);
    return step_from(-1, begin_, values, noise_);
  }

  at::Tensor begin_;  // of the last step, and its noise
  at::Tensor noise_;
};

}  // namespace

std::unique_ptr<Sampler> make_sa_solver(SamplerPlan plan) {
  return std::make_unique<SaSolver>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
