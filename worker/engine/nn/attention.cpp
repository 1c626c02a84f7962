#include "worker/engine/nn/attention.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

// [B, T, heads * d] to [B * heads, T, d].
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) {
  const auto head_width = x.size(2) / heads;
  return x.view({x.size(0), x.size(1), heads, head_width})
      .transpose(1, 2)
      .reshape({x.size(0) * heads, x.size(1), head_width});
}

// Queries first .. first + q.size(1) of the sequence: key j is seen by query i when j <= i.
at::Tensor causal_bias(const at::Tensor& scores, std::int64_t first) {
  const auto hidden = at::full({scores.size(1), scores.size(2)}, -INFINITY, scores.options());
  return at::triu(hidden, first + 1);
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     std::int64_t heads, Mask mask) {
  const auto batch = q.size(0);
  const auto tokens = q.size(1);
  const auto width = q.size(2);
  const auto queries = split_heads(q, heads);
  const auto keys = split_heads(k, heads).transpose(1, 2);  // [B K, d, Tk]
  const auto values = split_heads(v, heads);
  const double scale = 1 / std::sqrt(static_cast<double>(width / heads));

  const auto row_bytes = batch * heads * k.size(1) * static_cast<std::int64_t>(sizeof(float));
  const auto chunk = std::clamp<std::int64_t>(kMaxScoreBytes / row_bytes, 1, tokens);
  auto result = at::empty({batch * heads, tokens, width / heads}, q.options());
  for (std::int64_t first = 0; first < tokens; first += chunk) {
    const auto count = std::min(chunk, tokens - first);
    auto scores = at::bmm(queries.narrow(1, first, count), keys).mul_(scale);  // [B K, count, Tk]
    if (mask == Mask::Causal) scores.add_(causal_bias(scores, first));
    auto part = result.narrow(1, first, count);
    part.copy_(at::bmm(at::softmax(scores, -1), values));
  }
  return result.view({batch, heads, tokens, width / heads})
      .transpose(1, 2)
      .reshape({batch, tokens, width});
}

}  // namespace furrow::engine::nn
