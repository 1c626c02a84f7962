#include "worker/engine/diffusion/sigma_curve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

#include <boost/math/distributions/beta.hpp>

#include "common/base/check.h"

namespace furrow::engine::diffusion {
namespace {

constexpr double kKarrasRho = 7;
constexpr double kPolyexponentialRho = 1;
constexpr double kBetaShape = 0.6;  // arXiv:2407.12173

// Sigmas that were fitted to a model. Align Your Steps: Sabour et al. 2024 (arXiv:2404.14507), as
// published by its authors for ten steps and, finer, for thirty-one. GITS: Chen et al. 2024
// (arXiv:2405.11326).
constexpr std::array kAysSd1 = {14.615, 6.475, 3.861, 2.697, 1.886, 1.396,
                                0.963,  0.652, 0.399, 0.152, 0.029};
constexpr std::array kAysSdxl = {14.615, 6.315, 3.771, 2.181, 1.342, 0.862,
                                 0.555,  0.380, 0.234, 0.113, 0.029};
constexpr std::array kAys32Sd1 = {
    14.615,     11.23951352, 8.64363081, 6.64729424, 5.57250862, 4.71648546, 3.99196065, 3.5195609,
    3.13490466, 2.79228788,  2.48773628, 2.21663865, 1.97508351, 1.7793172,  1.61475335, 1.46540953,
    1.314849,   1.16642497,  1.03475547, 0.91573744, 0.80748169, 0.71202361, 0.621739,   0.53065202,
    0.4529096,  0.37491455,  0.27461819, 0.2011529,  0.14105873, 0.06682881, 0.03166121, 0.015};
constexpr std::array kAys32Sdxl = {
    14.615,     11.1491618, 8.50522127, 6.48827151, 5.43707402, 4.60398619, 3.89854704, 3.27407457,
    2.74396527, 2.29968659, 1.95448514, 1.67108715, 1.42878152, 1.23181009, 1.06789649, 0.92579443,
    0.80290886, 0.69660121, 0.60436903, 0.52852552, 0.46773344, 0.41393379, 0.36258186, 0.31008517,
    0.26518925, 0.22326461, 0.17653877, 0.13959192, 0.10587381, 0.05519369, 0.02877334, 0.015};
constexpr std::array kGitsSd1 = {14.615, 4.617, 2.507, 1.236, 0.702, 0.402,
                                 0.240,  0.156, 0.104, 0.094, 0.029};
constexpr std::array kGitsSdxl = {14.615, 4.734, 2.567, 1.529, 0.987, 0.652,
                                  0.418,  0.268, 0.179, 0.127, 0.029};

/// arXiv:2206.00364, equation 5.
std::vector<double> karras(CurveEnds ends, double rho, int steps) {
  const double from = std::pow(ends.sigma_max, 1 / rho);
  const double to = std::pow(ends.sigma_min, 1 / rho);
  std::vector<double> sigmas;
  for (const double ramp : linspace(0, 1, steps))
    sigmas.push_back(std::pow(from + ramp * (to - from), rho));
  return sigmas;
}

/// Even steps of log sigma, which is −lambda (arXiv:2206.00927); with rho they bend.
std::vector<double> polyexponential(CurveEnds ends, double rho, int steps) {
  const double from = std::log(ends.sigma_max);
  const double to = std::log(ends.sigma_min);
  std::vector<double> sigmas;
  if (rho == 1) {
    for (const double log_sigma : linspace(from, to, steps)) sigmas.push_back(std::exp(log_sigma));
    return sigmas;
  }
  for (const double ramp : linspace(1, 0, steps))
    sigmas.push_back(std::exp(std::pow(ramp, rho) * (from - to) + to));
  return sigmas;
}

/// arXiv:2407.12173: more steps at both ends.
std::vector<double> beta(CurveEnds ends, int steps) {
  const boost::math::beta_distribution<double> distribution(kBetaShape, kBetaShape);
  std::vector<double> sigmas;
  for (const double ramp : linspace(0, 1, steps))
    sigmas.push_back(ends.sigma_min +
                     quantile(distribution, 1 - ramp) * (ends.sigma_max - ends.sigma_min));
  return sigmas;
}

/// Sabour et al. 2024 (arXiv:2404.14507), theorem 3.1: least divergence where the data is a single
/// Gaussian. Even steps of the arc tangent, the last of which ends the run.
std::vector<double> kl_optimal(CurveEnds ends, int steps) {
  std::vector<double> sigmas;
  for (const double angle :
       linspace(std::atan(ends.sigma_max), std::atan(ends.sigma_min), steps + 1))
    sigmas.push_back(std::tan(angle));
  return sigmas;
}

/// Mochi's: half of the steps fall by a fortieth altogether, the others ever faster to 0.
std::vector<double> linear_quadratic(CurveEnds ends, int steps) {
  constexpr double kLinearFall = 0.025;
  const int linear = steps / 2;
  std::vector<double> sigmas;
  const double slope = linear > 0 ? kLinearFall / linear : 0;
  for (int i = 0; i < linear; ++i) sigmas.push_back(ends.sigma_max * (1 - slope * i));
  // fall(j) = a j² + b j + kLinearFall goes on with j steps after the linear ones: smoothly at
  // first, and all the way down after the last.
  const int quadratic = steps - linear;
  const double a = linear > 0 ? (1 - kLinearFall - slope * quadratic) / (quadratic * quadratic) : 0;
  for (int j = 0; j < quadratic; ++j)
    sigmas.push_back(linear > 0 ? ends.sigma_max * (1 - kLinearFall - slope * j - a * j * j)
                                : ends.sigma_max * (1 - static_cast<double>(j) / quadratic));
  return sigmas;
}

/// sdnext's "sigma profiles": how far down at the time t in [0, 1].
double profile(SigmaCurve curve, double t) {
  constexpr double kHalfPi = std::numbers::pi / 2;
  if (curve == SigmaCurve::Sine) return std::sin(t * kHalfPi);
  if (curve == SigmaCurve::Smoothstep) return t * t * (3 - 2 * t);
  if (curve == SigmaCurve::Arcsine) return std::asin(t) / kHalfPi;
  if (curve == SigmaCurve::Sigmoid) return 1 / (1 + std::exp(5 - 10 * t));
  return t;
}

std::vector<double> along_profile(SigmaCurve curve, CurveEnds ends, int steps) {
  std::vector<double> sigmas;
  for (const double t : linspace(0, 1, steps)) {
    const double down = profile(curve, t);
    sigmas.push_back(ends.sigma_max * (1 - down) + ends.sigma_min * down);
  }
  return sigmas;
}

/// The table itself at its own length, otherwise interpolated between the logarithms.
std::vector<double> interpolated(std::span<const double> table, int steps) {
  if (static_cast<std::size_t>(steps) == table.size()) return {table.begin(), table.end()};
  const auto last = static_cast<double>(table.size() - 1);
  std::vector<double> sigmas;
  for (const double position : linspace(0, last, steps)) {
    const auto i = std::min(static_cast<std::size_t>(position), table.size() - 2);
    const double w = position - static_cast<double>(i);
    sigmas.push_back(std::exp((1 - w) * std::log(table[i]) + w * std::log(table[i + 1])));
  }
  return sigmas;
}

}  // namespace

std::vector<double> linspace(double first, double last, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i)
    values.push_back(count == 1 ? first : first + (last - first) / (count - 1) * i);
  if (count > 1) values.back() = last;
  return values;
}

bool has_ends(SigmaCurve curve) {
  switch (curve) {
    case SigmaCurve::Spaced:
    case SigmaCurve::Uniform:
    case SigmaCurve::SgmUniform:
    case SigmaCurve::Simple:
    case SigmaCurve::DdimUniform:
    case SigmaCurve::Turbo:
      return false;
    case SigmaCurve::Karras:
    case SigmaCurve::Exponential:
    case SigmaCurve::Polyexponential:
    case SigmaCurve::Beta:
    case SigmaCurve::Lu:
    case SigmaCurve::LogLinear:
    case SigmaCurve::KlOptimal:
    case SigmaCurve::LinearQuadratic:
    case SigmaCurve::Linear:
    case SigmaCurve::Sine:
    case SigmaCurve::Smoothstep:
    case SigmaCurve::Arcsine:
    case SigmaCurve::Sigmoid:
    case SigmaCurve::AlignYourSteps:
    case SigmaCurve::AlignYourSteps32:
    case SigmaCurve::Gits:
      return true;
  }
  FURROW_CHECK(false, "an unknown curve");
}

bool is_fitted(SigmaCurve curve) {
  return curve == SigmaCurve::AlignYourSteps || curve == SigmaCurve::AlignYourSteps32 ||
         curve == SigmaCurve::Gits;
}

std::vector<double> sigmas_along(const SchedulerConfig& config, CurveEnds ends, int steps) {
  switch (config.curve) {
    case SigmaCurve::Karras:
      return karras(ends, config.rho.value_or(kKarrasRho), steps);
    case SigmaCurve::Exponential:
    case SigmaCurve::Lu:
      return polyexponential(ends, 1, steps);
    case SigmaCurve::Polyexponential:
      return polyexponential(ends, config.rho.value_or(kPolyexponentialRho), steps);
    case SigmaCurve::LogLinear:
      return polyexponential(ends, 1, steps + 1);
    case SigmaCurve::Beta:
      return beta(ends, steps);
    case SigmaCurve::KlOptimal:
      return kl_optimal(ends, steps);
    case SigmaCurve::LinearQuadratic:
      return linear_quadratic(ends, steps);
    case SigmaCurve::Linear:
    case SigmaCurve::Sine:
    case SigmaCurve::Smoothstep:
    case SigmaCurve::Arcsine:
    case SigmaCurve::Sigmoid:
      return along_profile(config.curve, ends, steps);
    case SigmaCurve::AlignYourSteps:
      return interpolated(config.is_sdxl ? kAysSdxl : kAysSd1, steps);
    case SigmaCurve::AlignYourSteps32:
      return interpolated(config.is_sdxl ? kAys32Sdxl : kAys32Sd1, steps);
    case SigmaCurve::Gits:
      return interpolated(config.is_sdxl ? kGitsSdxl : kGitsSd1, steps);
    case SigmaCurve::Spaced:
    case SigmaCurve::Uniform:
    case SigmaCurve::SgmUniform:
    case SigmaCurve::Simple:
    case SigmaCurve::DdimUniform:
    case SigmaCurve::Turbo:
      break;
  }
  FURROW_CHECK(false, "this curve follows from timesteps");
}

}  // namespace furrow::engine::diffusion
