// Exponential Runge-Kutta rules over lambda (samplers/exponential.h). Stage i lies at the fraction
// c_i of the step in lambda, at sigma_i / sigma_s x + alpha_i h sum_{j<i} a_ij D_j; the weights are
// functions of h. With eta a step goes to sigma_down, and noise brings it up (AncestralStep). A
// step to 0 ends at what the model says.
//
//   DPM++ 2S        Lu et al. 2022 (arXiv:2211.01095), algorithm 1; k-diffusion's ancestral form
//   RES             Zhang et al. 2023, "Improved Order Analysis and Design of Exponential
//                   Integrator for Diffusion Models Sampling" (arXiv:2308.02157)
//   ETD-RK 2, 3 A, 4 A   Cox & Matthews 2002;  3 B  Hochbruck & Ostermann 2005;  4 B  Krogstad 2005
//   Lawson          Lawson 1967: the classical rules on e^lambda y

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>

#include "common/base/check.h"
#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/exponential.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

/// The weights for one h.
struct Weights {
  std::vector<std::vector<double>> a;  // row 0 is empty
  std::vector<double> b;
};

struct Rule {
  std::string_view name;
  std::vector<double> c;
  Weights (*weights)(double h);
  double eta;  // of the sampler itself
};

/// phi_k(−c h), of a stage at c.
double phi_at(int k, double c, double h) {
  return phi(k, -c * h);
}

Weights dpmpp_2s(double h) {
  return {{{}, {0.5 * phi_at(1, 0.5, h)}}, {0, phi(1, -h)}};
}

Weights res_2s(double h) {
  const double b2 = phi(2, -h) / 0.5;
  return {{{}, {0.5 * phi_at(1, 0.5, h)}}, {phi(1, -h) - b2, b2}};
}

Weights res_3s(double h) {
  constexpr double c2 = 0.5;
  constexpr double c3 = 1;
  constexpr double gamma = (3 * c3 * c3 * c3 - 2 * c3) / (c2 * (2 - 3 * c2));
  const double a32 = gamma * c2 * phi_at(2, c2, h) + c3 * c3 / c2 * phi_at(2, c3, h);
  const double b3 = phi(2, -h) / (gamma * c2 + c3);
  const double b2 = gamma * b3;
  return {{{}, {c2 * phi_at(1, c2, h)}, {c3 * phi_at(1, c3, h) - a32, a32}},
          {phi(1, -h) - b2 - b3, b2, b3}};
}

Weights etdrk_2s(double h) {
  const double b2 = phi(2, -h);
  return {{{}, {phi(1, -h)}}, {phi(1, -h) - b2, b2}};
}

Weights etdrk_3s_a(double h) {
  const double phi1 = phi(1, -h);
  const double phi2 = phi(2, -h);
  const double phi3 = phi(3, -h);
  return {{{}, {0.5 * phi_at(1, 0.5, h)}, {-phi1, 2 * phi1}},
          {phi1 - 3 * phi2 + 4 * phi3, 4 * phi2 - 8 * phi3, -phi2 + 4 * phi3}};
}

Weights etdrk_3s_b(double h) {
  constexpr double c2 = 4. / 9;
  constexpr double c3 = 2. / 3;
  const double a32 = phi_at(2, c3, h);
  const double b3 = 1.5 * phi(2, -h);
  return {{{}, {c2 * phi_at(1, c2, h)}, {c3 * phi_at(1, c3, h) - a32, a32}},
          {phi(1, -h) - b3, 0, b3}};
}

/// The end of both rules of fourth order, which Runge-Kutta's becomes.
std::vector<double> etdrk_4s_end(double h) {
  const double phi1 = phi(1, -h);
  const double phi2 = phi(2, -h);
  const double phi3 = phi(3, -h);
  const double middle = 2 * phi2 - 4 * phi3;
  return {phi1 - 3 * phi2 + 4 * phi3, middle, middle, -phi2 + 4 * phi3};
}

Weights etdrk_4s_a(double h) {
  const double half = phi_at(1, 0.5, h);
  return {{{}, {0.5 * half}, {0, 0.5 * half}, {0.5 * half * (std::exp(-h / 2) - 1), 0, half}},
          etdrk_4s_end(h)};
}

Weights etdrk_4s_b(double h) {
  const double half1 = phi_at(1, 0.5, h);
  const double half2 = phi_at(2, 0.5, h);
  return {{{},
           {0.5 * half1},
           {0.5 * half1 - half2, half2},
           {phi(1, -h) - 2 * phi(2, -h), 0, 2 * phi(2, -h)}},
          etdrk_4s_end(h)};
}

Weights lawson_2s_a(double h) {
  const double half = std::exp(-h / 2);
  return {{{}, {0.5 * half}}, {0, half}};
}

Weights lawson_2s_b(double h) {
  const double whole = std::exp(-h);
  return {{{}, {whole}}, {0.5 * whole, 0.5}};
}

Weights lawson_4s(double h) {
  const double half = std::exp(-h / 2);
  return {{{}, {0.5 * half}, {0, 0.5}, {0, 0, half}},
          {std::exp(-h) / 6, half / 3, half / 3, 1. / 6}};
}

// By their names in sampler_class.cpp.
const std::vector<Rule> kRules = {
    {"dpmpp_2s_a", {0, 0.5}, dpmpp_2s, 1},
    {"res_2s", {0, 0.5}, res_2s, 0},
    {"res_3s", {0, 0.5, 1}, res_3s, 0},
    {"res_2s_sde", {0, 0.5}, res_2s, 1},
    {"res_3s_sde", {0, 0.5, 1}, res_3s, 1},
    {"etdrk_2s", {0, 1}, etdrk_2s, 0},
    {"etdrk_3s_a", {0, 0.5, 1}, etdrk_3s_a, 0},
    {"etdrk_3s_b", {0, 4. / 9, 2. / 3}, etdrk_3s_b, 0},
    {"etdrk_4s_a", {0, 0.5, 0.5, 1}, etdrk_4s_a, 0},
    {"etdrk_4s_b", {0, 0.5, 0.5, 1}, etdrk_4s_b, 0},
    {"lawson_2s_a", {0, 0.5}, lawson_2s_a, 0},
    {"lawson_2s_b", {0, 1}, lawson_2s_b, 0},
    {"lawson_4s", {0, 0.5, 0.5, 1}, lawson_4s, 0},
};

AncestralStep step_to(const SamplerPlan& plan, const Rule& rule, double sigma, double next) {
  return AncestralStep::between(sigma, next, plan.options.eta.value_or(rule.eta),
                                plan.config.is_flow);
}

std::vector<Call> calls_of(const SamplerPlan& plan, const Rule& rule) {
  const bool is_flow = plan.config.is_flow;
  return several_calls_a_step(plan, [&](double sigma, double next) {
    const double begin = lambda_of(sigma, is_flow);
    const double end = lambda_of(step_to(plan, rule, sigma, next).sigma_down, is_flow);
    std::vector<double> levels;
    for (std::size_t i = 1; i < rule.c.size(); ++i)
      levels.push_back(sigma_at_lambda(begin + rule.c[i] * (end - begin), is_flow));
    return levels;
  });
}

class ExponentialRungeKutta final : public SigmaSampler {
 public:
  ExponentialRungeKutta(const SamplerPlan& plan, const Rule& rule)
      : SigmaSampler(plan, calls_of(plan, rule)), rule_(rule) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise& draw) override {
    denoised_ = denoise(latent_, output, sigma_of(call_));
    if (begins_step()) {
      begin_ = latent_;
      to_ = step_to(plan_, rule_, sigma(), sigma(1));
      values_.clear();
      if (ends_step()) return denoised_;
      h_ = lambda_of(to_.sigma_down, is_flow()) - lambda_of(sigma(), is_flow());
      weights_ = rule_.weights(h_);
    }
    values_.push_back(denoised_);
    if (!ends_step()) return stage_at(sigma_of(call_ + 1), weights_.a[values_.size()]);
    const at::Tensor x = stage_at(to_.sigma_down, weights_.b);
    if (to_.noise == 0) return x;
    return x * to_.scale + draw() * (to_.noise * plan_.options.s_noise);
  }

  at::Tensor stage_at(double level, const std::vector<double>& weights) const {
    at::Tensor x = begin_ * (level / sigma());
    for (std::size_t j = 0; j < weights.size(); ++j)
      if (weights[j] != 0) x = x + values_[j] * (alpha_at(level) * h_ * weights[j]);
    return x;
  }

  const Rule& rule_;
  // Of the step so far.
  at::Tensor begin_;
  AncestralStep to_;
  double h_ = 0;
  Weights weights_;
  std::vector<at::Tensor> values_;
};

}  // namespace

std::unique_ptr<Sampler> make_exponential_rk(SamplerPlan plan) {
  const auto rule = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& row) {
    return row.name == plan.config.class_name;
  });
  FURROW_CHECK(rule != kRules.end(), "a rule of this name");
  return std::make_unique<ExponentialRungeKutta>(plan, *rule);
}

}  // namespace furrow::engine::diffusion
