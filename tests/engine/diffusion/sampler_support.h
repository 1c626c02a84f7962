#pragma once

#include <cmath>
#include <memory>
#include <string_view>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "worker/engine/diffusion/noise.h"
#include "worker/engine/diffusion/sampler.h"

/// What tests of samplers share: models' configs, and networks that are formulas.
namespace furrow::engine::diffusion {

inline constexpr std::initializer_list<std::int64_t> kShape = {1, 4, 4, 4};

/// Stable Diffusion 1.5's.
inline SchedulerConfig sd_config() {
  SchedulerConfig config;
  config.class_name = "EulerDiscreteScheduler";
  config.beta_start = 0.00085;
  config.beta_end = 0.012;
  config.beta_schedule = BetaSchedule::ScaledLinear;
  config.spacing = TimestepSpacing::Leading;
  config.steps_offset = 1;
  return config;
}

/// Stable Diffusion 3's.
inline SchedulerConfig flow_config() {
  SchedulerConfig config;
  config.class_name = "FlowMatchEulerDiscreteScheduler";
  config.is_flow = true;
  config.prediction = Prediction::Flow;
  config.flow.shift = 3;
  return config;
}

inline std::unique_ptr<Sampler> sampler_named(std::string_view name, std::string_view schedule,
                                              int steps,
                                              Prediction prediction = Prediction::Epsilon) {
  SchedulerConfig model = sd_config();
  model.prediction = prediction;
  ScheduleRequest request;
  request.steps = steps;
  return make_sampler(config_of(name, schedule, model).value(), request).value();
}

/// Counts what a sampler draws.
struct CountedNoise {
  NoiseSource source{5};
  int draws = 0;

  DrawNoise draw() {
    return [this] {
      ++draws;
      return source.normal(kShape);
    };
  }
};

/// A network that always knows the clean latent, and says so in the sampler's prediction type.
inline at::Tensor ideal_output(const Sampler& sampler, const at::Tensor& clean) {
  const double sigma = sampler.sigma_of(sampler.call());
  const at::Tensor seen = sampler.model_input();
  if (sampler.plan().config.is_flow) return (seen - clean) / sigma;  // it is between the two
  const double alpha = 1 / std::sqrt(1 + sigma * sigma);
  const at::Tensor eps = (seen / alpha - clean) / sigma;  // it is alpha (clean + sigma eps)
  switch (sampler.plan().config.prediction) {
    case Prediction::Epsilon:
      return eps;
    case Prediction::V:
      return eps * alpha - clean * (alpha * sigma);
    case Prediction::Sample:
      return clean;
    case Prediction::Flow:
      return eps - clean;
  }
  return {};
}

inline void run(Sampler& sampler, const at::Tensor& clean, const DrawNoise& draw) {
  while (!sampler.is_finished()) sampler.advance(ideal_output(sampler, clean), draw);
}

/// A network that is none of the ideal ones.
inline at::Tensor some_output(const Sampler& sampler) {
  return (sampler.model_input() * 0.7).tanh();
}

inline void expect_near(const at::Tensor& got, const at::Tensor& expected, double atol) {
  EXPECT_TRUE(at::allclose(got, expected, 1e-3, atol)) << (got - expected).abs().max();
}

}  // namespace furrow::engine::diffusion
