// Extended reverse-time SDE: Cui et al. 2023, "Elucidating the solution space of extended
// reverse-time SDE for diffusion models" (arXiv:2309.06169), their solvers ER-SDE 1 to 3. With s
// the noise over the signal (Karras' sigma) and r = phi(s_next) / phi(s):
//
//   x' = alpha_next / alpha r x + alpha_next (1 - r) D + alpha_next sqrt(s_next^2 - s^2 r^2) z
//        + alpha_next (s_next - s + phi(s_next) I_0) D' + ((s_next - s)^2 / 2 + phi(s_next) I_1)
//        D''
//
// I_0 and I_1 are the integrals of 1 / phi and of (u - s) / phi from s_next to s, D' and D'' the
// divided differences of the clean latent; phi(s) = s (e^(s^0.3) + 10), the paper's best. A step to
// 0 ends at what the model says.

#include <algorithm>
#include <cmath>
#include <deque>

#include <ATen/ATen.h>
#include <boost/math/quadrature/gauss.hpp>

#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

double noise_scale(double s) {
  return s * (std::exp(std::pow(s, 0.3)) + 10);
}

/// The integral of f over s between two levels, taken over log s, where it is smooth.
template <typename Function>
double integral(double from, double to, Function f) {
  const auto over_log = [&](double log_s) {
    const double s = std::exp(log_s);
    return f(s) * s;
  };
  return boost::math::quadrature::gauss<double, 30>::integrate(over_log, std::log(from),
                                                               std::log(to));
}

class ErSde final : public SigmaSampler {
 public:
  explicit ErSde(SamplerPlan plan) : SigmaSampler(std::move(plan)) {}

 private:
  struct Value {
    double s;
    at::Tensor denoised;
  };

  /// Noise over signal; that of a flow's pure noise is taken to be finite.
  double ratio(double sigma) const { return std::exp(-lambda_of(sigma, is_flow())); }

  int order() const {
    const int wanted =
        plan_.options.solver_order > 0 ? plan_.options.solver_order : plan_.config.solver_order;
    return std::min(wanted, static_cast<int>(past_.size()));
  }

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    denoised_ = denoise(latent_, output, sigma());
    if (sigma(1) == 0) return denoised_;
    past_.push_front({ratio(sigma()), denoised_});
    if (past_.size() > 3) past_.pop_back();
    const double s = past_[0].s;
    const double s_next = ratio(sigma(1));
    const double r = noise_scale(s_next) / noise_scale(s);
    const double alpha = alpha_at(sigma(1));
    // alpha_next / alpha, written so that it holds for pure noise too.
    const double kept = sigma(1) / sigma() * (s / s_next) * r;
    const at::Tensor x = latent_ * kept + (denoised_ * (1 - r) + slope_part(s, s_next)) * alpha;
    const double variance = std::max(s_next * s_next - s * s * r * r, 0.0);
    return x + draw() * (alpha * std::sqrt(variance) * plan_.options.s_noise);
  }

  at::Tensor difference(std::size_t i) const {
    return (past_[i].denoised - past_[i + 1].denoised) / (past_[i].s - past_[i + 1].s);
  }

  at::Tensor slope_part(double s, double s_next) const {
    const int order = this->order();
    if (order < 2) return at::zeros_like(denoised_);
    const double i0 = integral(s_next, s, [](double u) { return 1 / noise_scale(u); });
    const at::Tensor first = difference(0);
    const at::Tensor part = first * (s_next - s + noise_scale(s_next) * i0);
    if (order < 3) return part;
    const double i1 = integral(s_next, s, [&](double u) { return (u - s) / noise_scale(u); });
    const at::Tensor second = (first - difference(1)) * (2 / (s - past_[2].s));
    const double change = s_next - s;
    return part + second * (change * change / 2 + noise_scale(s_next) * i1);
  }

  void forget() override { past_.clear(); }

  std::deque<Value> past_;  // the newest first
};

}  // namespace

std::unique_ptr<Sampler> make_er_sde(SamplerPlan plan) {
  return std::make_unique<ErSde>(std::move(plan));
}

}  // namespace furrow::engine::diffusion
