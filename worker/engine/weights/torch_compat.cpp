#include "worker/engine/weights/torch_compat.h"

#include <ATen/ATen.h>
#include <torch/version.h>

#define FURROW_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) ||         \
   (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace furrow::engine {

#if FURROW_TORCH_AT_LEAST(2, 1)

std::optional<at::ScalarType> float8_type(weights::Dtype dtype) {
  if (dtype == weights::Dtype::F8E4M3) return at::kFloat8_e4m3fn;
  if (dtype == weights::Dtype::F8E5M2) return at::kFloat8_e5m2;
  return std::nullopt;
}

std::optional<at::Tensor> fused_attention(const at::Tensor& q, const at::Tensor& k,
                                          const at::Tensor& v, const AttentionScores& scores) {
  c10::optional<at::Tensor> bias;
  if (scores.bias.defined()) bias = scores.bias;
  return at::scaled_dot_product_attention(q, k, v, bias, /*dropout_p=*/0.0, scores.is_causal,
                                          scores.scale);
}

#else

std::optional<at::ScalarType> float8_type(weights::Dtype) {
  return std::nullopt;
}

std::optional<at::Tensor> fused_attention(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                          const AttentionScores&) {
  return std::nullopt;
}

#endif

}  // namespace furrow::engine
