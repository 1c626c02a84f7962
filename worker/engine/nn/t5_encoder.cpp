#include "worker/engine/nn/t5_encoder.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include <ATen/ATen.h>

#include "worker/engine/nn/attention.h"

namespace furrow::engine::nn {

namespace {

// The table is stored once under "shared" (the decoder's name for it as well) or twice.
weights::Scope embedding_scope(const weights::Scope& scope) {
  const auto shared = scope / "shared";
  return shared.has("weight") ? shared : scope / "encoder" / "embed_tokens";
}

// The lowest number rather than -inf: a text of hidden tokens alone then attends evenly instead of
// to nothing, which would be NaN.
double lowest(at::ScalarType dtype) {
  switch (dtype) {
    case at::kHalf:
      return std::numeric_limits<at::Half>::lowest();
    case at::kBFloat16:
      return std::numeric_limits<at::BFloat16>::lowest();
    default:
      return std::numeric_limits<float>::lowest();
  }
}

}  // namespace

T5Block::SelfAttention::SelfAttention(const weights::Scope& scope, const T5Config& c)
    : q(scope / "q", c.d_model, c.num_heads * c.d_kv, Bias::Without),
      k(scope / "k", c.d_model, c.num_heads * c.d_kv, Bias::Without),
      v(scope / "v", c.d_model, c.num_heads * c.d_kv, Bias::Without),
      o(scope / "o", c.num_heads * c.d_kv, c.d_model, Bias::Without) {}

T5Block::FeedForward::FeedForward(const weights::Scope& scope, const T5Config& c)
    : wo(scope / "wo", c.d_ff, c.d_model, Bias::Without), activation(c.activation) {
  if (c.is_gated) {
    wi_0.emplace(scope / "wi_0", c.d_model, c.d_ff, Bias::Without);
    wi_1.emplace(scope / "wi_1", c.d_model, c.d_ff, Bias::Without);
  } else {
    wi.emplace(scope / "wi", c.d_model, c.d_ff, Bias::Without);
  }
}

at::Tensor T5Block::FeedForward::forward(const at::Tensor& x) const {
  if (wi) return wo.forward(activate(activation, wi->forward(x)));
  return wo.forward(activate(activation, wi_0->forward(x)).mul_(wi_1->forward(x)));
}

T5Block::T5Block(const weights::Scope& scope, const T5Config& c)
    : attention_norm(scope / "layer" / 0 / "layer_norm", c.d_model, c.layer_norm_epsilon),
      attention(scope / "layer" / 0 / "SelfAttention", c),
      feed_forward_norm(scope / "layer" / 1 / "layer_norm", c.d_model, c.layer_norm_epsilon),
      feed_forward(scope / "layer" / 1 / "DenseReluDense", c),
      heads(c.num_heads) {}

at::Tensor T5Block::forward(const at::Tensor& x, const at::Tensor& bias) const {
  const auto normed = attention_norm.forward(x);
  const auto seen = biased_attention(attention.q.forward(normed), attention.k.forward(normed),
                                     attention.v.forward(normed), heads, bias, /*scale=*/1.0);
  const auto h = attention.o.forward(seen).add_(x);
  return feed_forward.forward(feed_forward_norm.forward(h)).add_(h);
}

T5Encoder::T5Encoder(const weights::Scope& scope, const T5Config& c)
    : config(c),
      embedding(embedding_scope(scope), c.vocab_size, c.d_model),
      relative_attention_bias(scope / "encoder" / "block" / 0 / "layer" / 0 / "SelfAttention" /
                                  "relative_attention_bias",
                              c.relative_attention_num_buckets, c.num_heads),
      final_layer_norm(scope / "encoder" / "final_layer_norm", c.d_model, c.layer_norm_epsilon) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(c.num_layers); ++i) {
    blocks.emplace_back(scope / "encoder" / "block" / i, c);
  }
}

T5Output T5Encoder::forward(const at::Tensor& input_ids, const at::Tensor& attention_mask) const {
  TORCH_CHECK_VALUE(input_ids.dim() == 2, "the text encoder takes [B, T] ids, got ",
                    input_ids.sizes());
  auto x = embedding.forward(input_ids);
  auto bias = position_bias(input_ids.size(1));
  if (attention_mask.defined()) {
    const auto hidden = attention_mask.eq(0).unsqueeze(1).unsqueeze(1);  // [B, 1, 1, T]
    bias = bias.masked_fill(hidden, lowest(x.scalar_type()));            // [B, heads, T, T]
  }
  T5Output out;
  for (const auto& block : blocks) {
    out.hidden_states.push_back(x);
    x = block.forward(x, bias);
  }
  out.last_hidden_state = final_layer_norm.forward(x);
  return out;
}

at::Tensor T5Encoder::position_bias(std::int64_t tokens) const {
  const auto buckets = relative_position_buckets(tokens, config.relative_attention_num_buckets,
                                                 config.relative_attention_max_distance);
  const auto device = relative_attention_bias.weight.get().device();
  const auto values = relative_attention_bias.forward(buckets.to(device));  // [T, T, heads]
  return values.permute({2, 0, 1}).unsqueeze(0).contiguous();
}

at::Tensor relative_position_buckets(std::int64_t tokens, std::int64_t buckets,
                                     std::int64_t max_distance) {
  const auto half = buckets / 2;
  const auto exact = half / 2;
  const auto places = at::arange(tokens, at::kLong);
  const auto offset = places.unsqueeze(0) - places.unsqueeze(1);  // key - query
  const auto distance = offset.abs();
  // log(distance / exact) / log(max_distance / exact), in float32 as the models were trained: at
  // the border of two buckets the rounding decides.
  const auto share = at::log(distance.to(at::kFloat) / static_cast<double>(exact)) /
                     std::log(static_cast<double>(max_distance) / static_cast<double>(exact)) *
                     static_cast<double>(half - exact);
  const auto far = (share.clamp_min(0).to(at::kLong) + exact).clamp_max(half - 1);
  return at::where(distance.lt(exact), distance, far) + offset.gt(0).to(at::kLong) * half;
}

}  // namespace furrow::engine::nn
