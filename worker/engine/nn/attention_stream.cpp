#include "worker/engine/nn/attention_stream.h"

#include <cmath>
#include <cstddef>

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

// Not in any config.
constexpr double kQkNormEps = 1e-6;
constexpr double kRotaryBase = 10000;

at::Tensor norm_heads(const std::optional<RmsNorm>& norm, const at::Tensor& x, std::int64_t heads) {
  if (!norm) return x;
  return norm->forward(x.view({x.size(0), x.size(1), heads, -1})).view(x.sizes());
}

}  // namespace

AttentionStream::AttentionStream(const weights::Scope& scope, const AttentionShape& shape,
                                 const StreamNames& names)
    : q(scope / names.q, shape.width(), shape.width()),
      k(scope / names.k, shape.width(), shape.width()),
      v(scope / names.v, shape.width(), shape.width()),
      heads(shape.heads) {
  if (!shape.norms_qk) return;
  norm_q.emplace(scope / names.norm_q, shape.head_width, kQkNormEps);
  norm_k.emplace(scope / names.norm_k, shape.head_width, kQkNormEps);
}

Qkv AttentionStream::project(const at::Tensor& x) const {
  return {norm_heads(norm_q, q.forward(x), heads), norm_heads(norm_k, k.forward(x), heads),
          v.forward(x)};
}

Qkv joined(const Qkv& first, const Qkv& second) {
  return {at::cat({first.q, second.q}, 1), at::cat({first.k, second.k}, 1),
          at::cat({first.v, second.v}, 1)};
}

RotaryTable RotaryTable::of(const at::Tensor& ids, const std::vector<std::int64_t>& axes) {
  std::vector<at::Tensor> angles;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const auto width = static_cast<double>(axes[axis]);
    const auto exponents = at::arange(0, axes[axis], 2, ids.options().dtype(at::kDouble)) / width;
    const auto frequencies = at::exp(exponents * -std::log(kRotaryBase));
    const auto positions = ids.select(1, static_cast<std::int64_t>(axis)).to(at::kDouble);
    angles.push_back(at::outer(positions, frequencies));
  }
  // In float64 until here: a position of thousands leaves float32 few digits of an angle.
  const auto all = at::cat(angles, 1).repeat_interleave(2, 1).unsqueeze(1);  // [T, 1, d]
  return {at::cos(all).to(at::kFloat), at::sin(all).to(at::kFloat)};
}

at::Tensor RotaryTable::rotate(const at::Tensor& x, std::int64_t heads) const {
  const auto batch = x.size(0);
  const auto tokens = x.size(1);
  const auto wide = x.to(at::kFloat).view({batch, tokens, heads, -1, 2});
  const auto turned = at::stack({-wide.select(-1, 1), wide.select(-1, 0)}, -1).flatten(3);
  return at::addcmul(wide.flatten(3) * cosines, turned, sines).view(x.sizes()).to(x.scalar_type());
}

}  // namespace furrow::engine::nn
