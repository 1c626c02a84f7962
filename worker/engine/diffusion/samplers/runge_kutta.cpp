// Explicit Runge-Kutta rules on the probability-flow ODE over sigma (SigmaSampler's d). Stage i
// lies at the fraction c_i of the step, at x + dt sum_{j<i} a_ij d_j; the step ends at x + dt sum_j
// b_j d_j. A stage at the end of a step to 0 has no slope, so that step is Euler's. The rules are
// those of Hairer, Norsett & Wanner, "Solving Ordinary Differential Equations I", section II.1 and
// II.5, and of Gottlieb, Shu & Tadmor 2001 (the strong-stability-preserving ones).

#include <algorithm>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>

#include "common/base/check.h"
#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

struct Tableau {
  std::string_view name;
  std::vector<double> c;
  std::vector<std::vector<double>> a;  // row 0 is empty
  std::vector<double> b;
};

// By their names in sampler_class.cpp.
const std::vector<Tableau> kTableaus = {
    {"ralston", {0, 2. / 3}, {{}, {2. / 3}}, {1. / 4, 3. / 4}},
    // Kutta's third and fourth order.
    {"rk3", {0, 1. / 2, 1}, {{}, {1. / 2}, {-1, 2}}, {1. / 6, 2. / 3, 1. / 6}},
    {"rk4",
     {0, 1. / 2, 1. / 2, 1},
     {{}, {1. / 2}, {0, 1. / 2}, {0, 0, 1}},
     {1. / 6, 1. / 3, 1. / 3, 1. / 6}},
    // Dormand and Prince's fifth order; their seventh stage only estimates the error.
    {"rk5",
     {0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1},
     {{},
      {1. / 5},
      {3. / 40, 9. / 40},
      {44. / 45, -56. / 15, 32. / 9},
      {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
      {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656}},
     {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}},
    // Butcher's sixth order.
    {"rk6",
     {0, 1. / 3, 2. / 3, 1. / 3, 1. / 2, 1. / 2, 1},
     {{},
      {1. / 3},
      {0, 2. / 3},
      {1. / 12, 1. / 3, -1. / 12},
      {-1. / 16, 9. / 8, -3. / 16, -3. / 8},
      {0, 9. / 8, -3. / 8, -3. / 4, 1. / 2},
      {9. / 44, -9. / 11, 63. / 44, 18. / 11, 0, -16. / 11}},
     {11. / 120, 0, 27. / 40, 27. / 40, -4. / 15, -4. / 15, 11. / 120}},
    {"ssprk3", {0, 1, 1. / 2}, {{}, {1}, {1. / 4, 1. / 4}}, {1. / 6, 1. / 6, 2. / 3}},
    {"ssprk4",
     {0, 1. / 2, 1, 1. / 2},
     {{}, {1. / 2}, {1. / 2, 1. / 2}, {1. / 6, 1. / 6, 1. / 6}},
     {1. / 6, 1. / 6, 1. / 6, 1. / 2}},
};

std::vector<Call> calls_of(const SamplerPlan& plan, const Tableau& tableau) {
  return several_calls_a_step(plan, [&](double sigma, double next) {
    std::vector<double> levels;
    for (std::size_t i = 1; i < tableau.c.size(); ++i)
      levels.push_back(sigma + tableau.c[i] * (next - sigma));
    return levels;
  });
}

class RungeKutta final : public SigmaSampler {
 public:
  RungeKutta(const SamplerPlan& plan, const Tableau& tableau)
      : SigmaSampler(plan, calls_of(plan, tableau)), tableau_(tableau) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    if (begins_step()) {
      begin_ = latent_;
      slopes_.clear();
    }
    slopes_.push_back(slope(latent_, output, sigma_of(call_)));
    if (!ends_step()) return weighted(tableau_.a[slopes_.size()]);
    return slopes_.size() == 1 ? weighted({1}) : weighted(tableau_.b);
  }

  at::Tensor weighted(const std::vector<double>& weights) const {
    const double dt = sigma(1) - sigma();
    at::Tensor x = begin_;
    for (std::size_t j = 0; j < weights.size(); ++j)
      if (weights[j] != 0) x = x + slopes_[j] * (weights[j] * dt);
    return x;
  }

  const Tableau& tableau_;
  // Of the step so far.
  at::Tensor begin_;
  std::vector<at::Tensor> slopes_;
};

}  // namespace

std::unique_ptr<Sampler> make_runge_kutta(SamplerPlan plan) {
  const auto tableau = std::find_if(kTableaus.begin(), kTableaus.end(), [&](const Tableau& row) {
    return row.name == plan.config.class_name;
  });
  FURROW_CHECK(tableau != kTableaus.end(), "a rule of this name");
  return std::make_unique<RungeKutta>(plan, *tableau);
}

}  // namespace furrow::engine::diffusion
