#include "worker/engine/diffusion/prediction.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "common/base/check.h"

namespace furrow::engine::diffusion {

at::Tensor denoised_exploding(Prediction prediction, const at::Tensor& x, const at::Tensor& output,
                              double sigma) {
  switch (prediction) {
    case Prediction::Epsilon:
      return x - output * sigma;
    case Prediction::V: {
      const double c_skip = 1 / (sigma * sigma + 1);
      const double c_out = -sigma / std::sqrt(sigma * sigma + 1);
      return output * c_out + x * c_skip;
    }
    case Prediction::Sample:
      return output;
    case Prediction::Flow:
      break;
  }
  FURROW_CHECK(false, "a prediction of noise on top");
}

Mix Mix::of_sigma(double sigma) {
  const double alpha = 1 / std::sqrt(sigma * sigma + 1);
  return {alpha, sigma * alpha};
}

Mix Mix::of_alpha_cumprod(double alpha_cumprod) {
  return {std::sqrt(alpha_cumprod), std::sqrt(1 - alpha_cumprod)};
}

Mix Mix::of_flow(double sigma) {
  return {1 - sigma, sigma};
}

double Mix::lambda() const {
  // Pure noise is taken to have a trace of signal: solvers divide by differences of lambda.
  constexpr double kTraceOfSignal = 1e-10;
  return std::log(std::max(alpha, kTraceOfSignal) / sigma);
}

at::Tensor denoised_mixed(Prediction prediction, const at::Tensor& x, const at::Tensor& output,
                          Mix mix) {
  switch (prediction) {
    case Prediction::Epsilon:
      return (x - output * mix.sigma) / mix.alpha;
    case Prediction::V:
      return x * mix.alpha - output * mix.sigma;
    case Prediction::Sample:
      return output;
    case Prediction::Flow:
      return x - output * mix.sigma;
  }
  FURROW_CHECK(false, "an unknown prediction type");
}

at::Tensor noise_of(Prediction prediction, const at::Tensor& x, const at::Tensor& output, Mix mix) {
  switch (prediction) {
    case Prediction::Epsilon:
      return output;
    case Prediction::V:
      return output * mix.alpha + x * mix.sigma;
    case Prediction::Sample:
      return noise_in(x, output, mix);
    case Prediction::Flow:
      return x + output * mix.alpha;
  }
  FURROW_CHECK(false, "an unknown prediction type");
}

at::Tensor noise_in(const at::Tensor& x, const at::Tensor& denoised, Mix mix) {
  return (x - denoised * mix.alpha) / mix.sigma;
}

at::Tensor thresholded(const at::Tensor& denoised, const SchedulerConfig& config) {
  const at::Tensor rows = denoised.flatten(1);
  const at::Tensor bound = at::quantile(rows.abs(), config.dynamic_thresholding_ratio, 1, true)
                               .clamp(1, config.sample_max_value);
  return (at::minimum(at::maximum(rows, -bound), bound) / bound).view_as(denoised);
}

}  // namespace furrow::engine::diffusion
