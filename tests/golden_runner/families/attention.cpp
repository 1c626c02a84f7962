// Attention alone: dtypes, odd sizes, masks, large logits.

#include "worker/engine/nn/attention.h"

#include <ATen/ATen.h>

#include "tests/golden_runner/families.h"

namespace furrow::golden {

namespace {

// [B, heads, T, d] to [B, T, heads * d], as linear layers give it.
at::Tensor side_by_side(const at::Tensor& x) {
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), -1});
}

at::Tensor as_stored(const at::Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

}  // namespace

Verdict check_attention(const Case& c) {
  Verdict verdict;
  const auto heads = c.tensor("in.q").size(1);
  const auto q = side_by_side(c.tensor("in.q"));
  const auto k = side_by_side(c.tensor("in.k"));
  const auto v = side_by_side(c.tensor("in.v"));
  const bool is_causal = c.name.find("causal") != std::string::npos;
  const auto seen =
      c.has("in.bias")
          ? engine::nn::biased_attention(q, k, v, heads, c.tensor("in.bias"))
          : engine::nn::attention(q, k, v, heads,
                                  is_causal ? engine::nn::Mask::Causal : engine::nn::Mask::None);
  verdict.compare(c, "out.expected", as_stored(seen, heads));
  return verdict;
}

}  // namespace furrow::golden
