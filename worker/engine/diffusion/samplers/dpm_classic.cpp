#include "worker/engine/diffusion/samplers/dpm_classic.h"

#include <cmath>

#include <ATen/ATen.h>

namespace furrow::engine::diffusion {

double LambdaStep::h() const {
  return std::log(sigma / sigma_to);
}

double LambdaStep::sigma_at(double r) const {
  return sigma * std::exp(-r * h());
}

std::vector<double> inner_fractions(int order) {
  if (order == 1) return {};
  if (order == 2) return {1. / 2};
  return {1. / 3, 2. / 3};
}

at::Tensor dpm_solver_latent(const at::Tensor& x, const LambdaStep& step,
                             const std::vector<double>& fractions,
                             const std::vector<at::Tensor>& eps, double fraction) {
  const double to = step.sigma_at(fraction);
  const double rh = fraction * step.h();
  const at::Tensor first = x - eps[0] * (to * std::expm1(rh));
  if (eps.size() == 1) return first;
  // The newest noise says how fast it changes. The solver of second order takes the change to hold
  // in the middle of the step, that of third order integrates it.
  const at::Tensor change = (eps.back() - eps[0]) / fractions[eps.size() - 2];
  const bool is_second_order = fractions.size() == 1;
  const double weight =
      is_second_order ? 0.5 * std::expm1(rh) : fraction * (std::expm1(rh) / rh - 1);
  return first - change * (to * weight);
}

}  // namespace furrow::engine::diffusion
