#include "worker/engine/diffusion/samplers/dpm_solver.h"

#include <cmath>

#include <ATen/ATen.h>

namespace furrow::engine::diffusion {
namespace {

/// The factors of DpmSolver's formula.
struct Factors {
  double x = 0;
  double D0 = 0;
  double D1_middle = 0;  ///< where D1 is taken to hold in the middle of the step
  double D1_exact = 0;
  double D2 = 0;
  double z = 0;
};

/// DPM-Solver++ and, with eta above 0, its stochastic form, on the clean latent. In D2 the
/// expansion gives + 1/2 for both, as k-diffusion has it; diffusers has − 1/2 in the stochastic
/// one.
Factors factors_of_x0(Mix s, Mix t, double h, double eta, double half) {
  const double kh = (1 + eta) * h;
  const double growth = 1 - std::exp(-kh);
  const double D0 = t.alpha * growth;
  return {.x = t.sigma / s.sigma * (eta > 0 ? std::exp(-eta * h) : 1),
          .D0 = D0,
          .D1_middle = 0.5 * D0,
          .D1_exact = t.alpha * (1 - growth / kh),
          .D2 = t.alpha * ((growth - kh) / (kh * kh) + half),
          .z = eta > 0 ? t.sigma * std::sqrt(1 - std::exp(-2 * eta * h)) : 0};
}

/// DPM-Solver and its stochastic form, on the noise.
Factors factors_of_noise(Mix s, Mix t, double h, bool is_stochastic) {
  const double k = is_stochastic ? 2 : 1;
  const double growth = std::exp(h) - 1;
  const double D0 = -k * t.sigma * growth;
  return {.x = t.alpha / s.alpha,
          .D0 = D0,
          .D1_middle = 0.5 * D0,
          .D1_exact = -k * t.sigma * (growth / h - 1),
          .D2 = -k * t.sigma * ((growth - h) / (h * h) - 0.5),
          .z = is_stochastic ? t.sigma * std::sqrt(std::exp(2 * h) - 1) : 0};
}

}  // namespace

DpmSolver::DpmSolver(SamplerPlan plan)
    : MultistepSampler(std::move(plan)),
      integrates_x0_(plan_.config.algorithm.ends_with("++")),
      is_stochastic_(plan_.config.algorithm.starts_with("sde")),
      eta_(is_stochastic_ ? plan_.options.eta.value_or(1) : 0) {}

at::Tensor DpmSolver::value_of(const at::Tensor& output) {
  if (!integrates_x0_) return noise(output);
  denoised_ = denoise(latent_, output, mix());
  return denoised_;
}

at::Tensor DpmSolver::take(const at::Tensor& x, const Step& step, const DrawNoise& draw) const {
  const double h = step.t.lambda() - step.s.lambda();
  const double half = is_stochastic_ && !plan_.config.expands_sde_exactly ? -0.5 : 0.5;
  const Factors c = integrates_x0_ ? factors_of_x0(step.s, step.t, h, eta_, half)
                                   : factors_of_noise(step.s, step.t, h, is_stochastic_);
  at::Tensor next = x * c.x + step.D0 * c.D0;
  if (step.D1.defined()) next = next + step.D1 * (step.has_exact_slope ? c.D1_exact : c.D1_middle);
  if (step.D2.defined()) next = next + step.D2 * c.D2;
  return eta_ > 0 ? next + draw() * (c.z * plan_.options.s_noise) : next;
}

}  // namespace furrow::engine::diffusion
