// DEIS: Zhang & Chen 2023, "Fast Sampling of Diffusion Models with Exponential Integrator"
// (arXiv:2204.13902), its log-rho variant: the noise of the last steps is interpolated by a
// polynomial in log rho, rho = sigma / alpha, and integrated over rho.
//
//   x' = alpha_t (x / alpha_s + sum_j c_j e_{s-j})     c_j = integral_{rho_s}^{rho_t} l_j(log r) dr
//
// The first step, and in short runs the last, is DDIM's.

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/samplers/multistep.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

/// The antiderivative over r of the line in log r that is 1 at b and 0 at c.
double line(double r, double b, double c) {
  return r * (std::log(r) - std::log(c) - 1) / (std::log(b) - std::log(c));
}

/// The same of the parabola that is 1 at b and 0 at c and d.
double parabola(double r, double b, double c, double d) {
  const double u = std::log(r);
  const double v = std::log(c);
  const double w = std::log(d);
  return r * (u * u - (v + w + 2) * u + v * w + v + w + 2) /
         ((std::log(b) - v) * (std::log(b) - w));
}

class Deis final : public MultistepSampler {
 public:
  explicit Deis(SamplerPlan plan) : MultistepSampler(std::move(plan)) {}

 private:
  int order() const {
    int order = std::min(solver_order(), remembered_count());
    if (plan_.config.lower_order_final && is_short()) order = std::min(order, steps_left());
    return order;
  }

  double rho(int ahead) const { return mix(ahead).sigma / mix(ahead).alpha; }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    remember(noise(output), solver_order());
    const double from = rho(0);
    const double to = rho(1);
    const auto weigh = [&](int back, auto antiderivative) {
      return remembered(back) * (antiderivative(to) - antiderivative(from));
    };

    at::Tensor sum;
    switch (order()) {
      case 1:
        sum = remembered() * (to - from);
        break;
      case 2:
        sum = weigh(0, [&](double r) { return line(r, from, rho(-1)); }) +
              weigh(1, [&](double r) { return line(r, rho(-1), from); });
        break;
      default:
        sum = weigh(0, [&](double r) { return parabola(r, from, rho(-1), rho(-2)); }) +
              weigh(1, [&](double r) { return parabola(r, rho(-1), rho(-2), from); }) +
              weigh(2, [&](double r) { return parabola(r, rho(-2), from, rho(-1)); });
    }
    return (latent_ / mix().alpha + sum) * mix(1).alpha;
  }
};

}  // namespace

std::unique_ptr<Sampler> make_deis(SamplerPlan plan) {
  // It divides by the signal, of which pure noise has none: flow matching begins a trace later.
  constexpr double kLargestSigma = 0.999;
  if (plan.config.is_flow)
    for (double& sigma : plan.schedule.sigmas) sigma = std::min(sigma, kLargestSigma);
  return std::make_unique<Deis>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
