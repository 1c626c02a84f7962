// Exponential multistep rules over lambda (samplers/exponential.h), for steps of any length: the
// clean latents of the last steps are interpolated by a polynomial, which is integrated exactly.
//
//   RES 2M, 3M; AB-Norsett 4M   Norsett 1969, Hochbruck & Ostermann 2010, section 2.5
//   PEC 423, 433                Ostermann, Thalhammer & Wright 2006: the step by three values,
//   asked
//                               about there, and taken again with that as a fourth, once or twice
//
// A step to 0 ends at what the model says.

#include <algorithm>
#include <deque>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>

#include "common/base/check.h"
#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/exponential.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

struct Rule {
  std::string_view name;
  std::size_t order;  // how many values the prediction combines
  int corrections;
};

// By their names in sampler_class.cpp.
constexpr Rule kRules[] = {{"res_2m", 2, 0},
                           {"res_3m", 3, 0},
                           {"abnorsett_4m", 4, 0},
                           {"pec_423", 3, 1},
                           {"pec_433", 3, 2}};

std::vector<Call> calls_of(const SamplerPlan& plan, const Rule& rule) {
  return several_calls_a_step(plan, [&](double, double next) {
    return std::vector<double>(static_cast<std::size_t>(rule.corrections), next);
  });
}

class ExponentialMultistep final : public SigmaSampler {
 public:
  ExponentialMultistep(const SamplerPlan& plan, const Rule& rule)
      : SigmaSampler(plan, calls_of(plan, rule)), order_(rule.order) {}

 private:
  struct Value {
    double lambda;
    at::Tensor denoised;
  };

  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    denoised_ = denoise(latent_, output, sigma_of(call_));
    if (begins_step() && sigma(1) == 0) return denoised_;
    if (begins_step()) {
      begin_ = latent_;
      past_.push_front({lambda_of(sigma(), is_flow()), denoised_});
      if (past_.size() > order_) past_.pop_back();
      return step_through({past_.begin(), past_.end()});
    }
    std::vector<Value> values = {past_.begin(), past_.end()};
    values.push_back({lambda_of(sigma(1), is_flow()), denoised_});
    return step_through(values);
  }

  at::Tensor step_through(const std::vector<Value>& values) const {
    const double begin = past_.front().lambda;
    const double h = lambda_of(sigma(1), is_flow()) - begin;
    std::vector<double> nodes;
    for (const Value& value : values) nodes.push_back((value.lambda - begin) / h);
    const std::vector<double> weights = exponential_weights(nodes, h);
    at::Tensor x = begin_ * (sigma(1) / sigma());
    for (std::size_t j = 0; j < values.size(); ++j)
      x = x + values[j].denoised * (alpha_at(sigma(1)) * h * weights[j]);
    return x;
  }

  void forget() override { past_.clear(); }

  const std::size_t order_;
  at::Tensor begin_;        // of the step that takes several calls
  std::deque<Value> past_;  // at the beginnings of the last steps, the newest first
};

}  // namespace

std::unique_ptr<Sampler> make_exponential_multistep(SamplerPlan plan) {
  const auto* rule = std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& row) {
    return row.name == plan.config.class_name;
  });
  FURROW_CHECK(rule != std::end(kRules), "a rule of this name");
  return std::make_unique<ExponentialMultistep>(plan, *rule);
}

}  // namespace furrow::engine::diffusion
