#include "worker/engine/nn/layers.h"

#include <ATen/ATen.h>

#include "worker/engine/weights/products.h"

namespace furrow::engine::nn {

Linear::Linear(const weights::Scope& scope, std::int64_t in, std::int64_t out, Bias with_bias)
    : weight(scope.required("weight", {out, in}).for_products()) {
  if (with_bias == Bias::With) bias = scope.required("bias", {out}).for_products();
}

at::Tensor Linear::forward(const at::Tensor& x) const {
  return weights::linear(x, weight, bias);
}

Conv2d::Conv2d(const weights::Scope& scope, ConvShape shape)
    : weight(scope.required("weight", {shape.out, shape.in, shape.kernel, shape.kernel})
                 .for_products()),
      stride(shape.stride),
      padding(shape.padding) {
  if (shape.bias == Bias::With) bias = scope.required("bias", {shape.out}).for_products();
}

at::Tensor Conv2d::forward(const at::Tensor& x) const {
  return weights::conv2d(x, weight, bias, stride, padding);
}

GroupNorm::GroupNorm(const weights::Scope& scope, std::int64_t channels, std::int64_t group_count,
                     double epsilon)
    : weight(scope.required("weight", {channels})),
      bias(scope.required("bias", {channels})),
      shape{group_count, epsilon} {}

at::Tensor GroupNorm::forward(const at::Tensor& x, Activation then) const {
  return group_norm(x, weight.get(), bias.get(), shape, then);
}

LayerNorm::LayerNorm(const weights::Scope& scope, std::int64_t width, double epsilon)
    : weight(scope.required("weight", {width})),
      bias(scope.required("bias", {width})),
      eps(epsilon) {}

at::Tensor LayerNorm::forward(const at::Tensor& x) const {
  return at::layer_norm(x, {x.size(-1)}, weight.get(), bias.get(), eps);
}

Embedding::Embedding(const weights::Scope& scope, std::int64_t rows, std::int64_t width)
    : weight(scope.required("weight", {rows, width})) {}

at::Tensor Embedding::forward(const at::Tensor& ids) const {
  return at::embedding(weight.get(), ids);
}

}  // namespace furrow::engine::nn
