// Newer libtorch has one kernel for all of it. In 1.13 there is none for CPUs, so it is two batched
// products around a softmax, a block of scores at a time. Measured with furrow_nn_bench on one
// core, [2, 4096, 8 * 40] to itself: all scores at once 10.1 s in float32 and 5.7 s in bfloat16,
// most of it spent on fresh memory pages; see ops/bench/README.md for what the blocks take.

#include "worker/engine/nn/attention.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "worker/engine/weights/torch_compat.h"

namespace furrow::engine::nn {

namespace {

// [B, T, heads * d] to [B, heads, T, d], a view.
at::Tensor view_heads(const at::Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

// [B, T, heads * d] to [B * heads, T, d].
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) {
  return view_heads(x, heads).reshape({x.size(0) * heads, x.size(1), x.size(2) / heads});
}

// [B * heads, T, d] to [B, T, heads * d].
at::Tensor join_heads(const at::Tensor& x, std::int64_t heads) {
  const auto batch = x.size(0) / heads;
  return x.view({batch, heads, x.size(1), x.size(2)})
      .transpose(1, 2)
      .reshape({batch, x.size(1), heads * x.size(2)});
}

// How much is computed at a time: some queries of one head, or all queries of some heads.
struct Block {
  std::int64_t heads;
  std::int64_t queries;
};

Block choose_block(std::int64_t heads, std::int64_t queries, std::int64_t keys,
                   std::int64_t element_bytes) {
  const auto fitting = std::max<std::int64_t>(kScoreBytes / (keys * element_bytes), 1);
  if (fitting < queries) return {1, fitting};
  return {std::min(fitting / queries, heads), queries};
}

// To be added to the scores [.., queries, keys] of queries from `first` on.
at::Tensor causal_bias(std::int64_t first, std::int64_t queries, std::int64_t keys,
                       const at::TensorOptions& options) {
  return at::triu(at::full({queries, keys}, -INFINITY, options), first + 1);
}

at::Tensor attention_in_blocks(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               std::int64_t heads, Mask mask) {
  const auto queries = split_heads(q, heads);               // [B K, Tq, d]
  const auto keys = split_heads(k, heads).transpose(1, 2);  // [B K, d, Tk]
  const auto values = split_heads(v, heads);                // [B K, Tk, d]
  const auto count = queries.size(0);
  const auto rows = queries.size(1);
  const auto columns = values.size(1);
  const double scale = 1 / std::sqrt(static_cast<double>(queries.size(2)));

  const auto block = choose_block(count, rows, columns, q.element_size());
  const auto scratch = at::empty({block.heads * block.queries * columns}, q.options());
  auto result = at::empty_like(queries);
  for (std::int64_t head = 0; head < count; head += block.heads) {
    const auto n = std::min(block.heads, count - head);
    const auto head_keys = keys.narrow(0, head, n);
    const auto head_values = values.narrow(0, head, n);
    for (std::int64_t first = 0; first < rows; first += block.queries) {
      const auto m = std::min(block.queries, rows - first);
      const auto part = queries.narrow(0, head, n).narrow(1, first, m);
      auto scores = scratch.narrow(0, 0, n * m * columns).view({n, m, columns});
      at::bmm_out(scores, part, head_keys).mul_(scale);
      if (mask == Mask::Causal) scores.add_(causal_bias(first, m, columns, q.options()));
      at::softmax_out(scores, scores, -1);
      auto seen = result.narrow(0, head, n).narrow(1, first, m);
      at::bmm_out(seen, scores, head_values);
    }
  }
  return join_heads(result, heads);
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     std::int64_t heads, Mask mask) {
  const auto fused = fused_attention(view_heads(q, heads), view_heads(k, heads),
                                     view_heads(v, heads), mask == Mask::Causal);
  if (fused) return fused->transpose(1, 2).reshape(q.sizes());
  return attention_in_blocks(q, k, v, heads, mask);
}

}  // namespace furrow::engine::nn
