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

// What is added to the scores before the softmax.
struct ScoreBias {
  Mask mask = Mask::None;
  at::Tensor bias;  // [1 or B, heads, Tq, Tk], or undefined

  // The part for `heads` heads of one text from `head` on and for queries from `first` on:
  // something that can be added to [heads, queries, keys]. Undefined: nothing is to be added.
  at::Tensor part(std::int64_t text, std::int64_t head, const Block& block, std::int64_t first,
                  std::int64_t keys, const at::TensorOptions& options) const {
    if (mask == Mask::Causal) {
      return at::triu(at::full({block.queries, keys}, -INFINITY, options), first + 1);
    }
    if (!bias.defined()) return {};
    return bias.select(0, bias.size(0) == 1 ? 0 : text)
        .narrow(0, head, block.heads)
        .narrow(1, first, block.queries);
  }
};

// q [B, Tq, heads * d], k and v [B, Tk, heads * d].
at::Tensor attention_in_blocks(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               std::int64_t heads, const ScoreBias& bias, double scale) {
  const auto queries = split_heads(q, heads);               // [B K, Tq, d]
  const auto keys = split_heads(k, heads).transpose(1, 2);  // [B K, d, Tk]
  const auto values = split_heads(v, heads);                // [B K, Tk, d]
  const auto rows = queries.size(1);
  const auto columns = values.size(1);

  const auto block = choose_block(queries.size(0), rows, columns, q.element_size());
  const auto scratch = at::empty({block.heads * block.queries * columns}, q.options());
  auto result = at::empty_like(queries);
  for (std::int64_t head = 0; head < queries.size(0);) {
    // A bias is of one text, so a block with one ends where the text's heads end.
    const auto until = bias.bias.defined() ? (head / heads + 1) * heads : queries.size(0);
    const auto n = std::min(block.heads, until - head);
    const auto head_keys = keys.narrow(0, head, n);
    const auto head_values = values.narrow(0, head, n);
    for (std::int64_t first = 0; first < rows; first += block.queries) {
      const auto m = std::min(block.queries, rows - first);
      const auto part = queries.narrow(0, head, n).narrow(1, first, m);
      auto scores = scratch.narrow(0, 0, n * m * columns).view({n, m, columns});
      at::bmm_out(scores, part, head_keys).mul_(scale);
      const auto added = bias.part(head / heads, head % heads, {n, m}, first, columns, q.options());
      if (added.defined()) scores.add_(added);
      at::softmax_out(scores, scores, -1);
      auto seen = result.narrow(0, head, n).narrow(1, first, m);
      at::bmm_out(seen, scores, head_values);
    }
    head += n;
  }
  return join_heads(result, heads);
}

// CPUs of libtorch 1.13 multiply no float16 matrices.
bool needs_float(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kHalf;
}

at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t heads,
                  const ScoreBias& bias, double scale) {
  const auto fused =
      fused_attention(view_heads(q, heads), view_heads(k, heads), view_heads(v, heads),
                      {.bias = bias.bias, .is_causal = bias.mask == Mask::Causal, .scale = scale});
  if (fused) return fused->transpose(1, 2).reshape(q.sizes());
  if (!needs_float(q)) return attention_in_blocks(q, k, v, heads, bias, scale);
  const ScoreBias wide = {bias.mask, bias.bias.defined() ? bias.bias.to(at::kFloat) : at::Tensor()};
  return attention_in_blocks(q.to(at::kFloat), k.to(at::kFloat), v.to(at::kFloat), heads, wide,
                             scale)
      .to(at::kHalf);
}

double default_scale(const at::Tensor& q, std::int64_t heads) {
  return 1 / std::sqrt(static_cast<double>(q.size(2) / heads));
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     std::int64_t heads, Mask mask) {
  return attend(q, k, v, heads, {.mask = mask, .bias = {}}, default_scale(q, heads));
}

at::Tensor biased_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            std::int64_t heads, const at::Tensor& bias,
                            std::optional<double> scale) {
  const auto per_head = bias.expand({-1, heads, -1, -1});
  return attend(q, k, v, heads, {.mask = Mask::None, .bias = per_head},
                scale.value_or(default_scale(q, heads)));
}

}  // namespace furrow::engine::nn
