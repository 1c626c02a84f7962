#include "worker/engine/nn/transformer.h"

#include <cstddef>

#include <ATen/ATen.h>

#include "worker/engine/nn/attention.h"

namespace furrow::engine::nn {

namespace {

// Not in any config: Transformer2DModel and its blocks have them fixed.
constexpr double kNormEps = 1e-6;
constexpr double kLayerNormEps = 1e-5;
constexpr std::int64_t kExpansion = 4;

}  // namespace

CrossAttention::CrossAttention(const weights::Scope& scope, std::int64_t width,
                               std::int64_t context_width, std::int64_t head_count)
    : to_q(scope / "to_q", width, width, Bias::Without),
      to_k(scope / "to_k", context_width, width, Bias::Without),
      to_v(scope / "to_v", context_width, width, Bias::Without),
      to_out(scope / "to_out" / 0, width, width),
      heads(head_count) {}

at::Tensor CrossAttention::forward(const at::Tensor& x, const at::Tensor& context) const {
  return to_out.forward(
      attention(to_q.forward(x), to_k.forward(context), to_v.forward(context), heads));
}

at::Tensor CrossAttention::forward(const at::Tensor& x, const Attended& attended,
                                   std::size_t layer) const {
  const auto queries = to_q.forward(x);
  auto seen =
      attention(queries, to_k.forward(attended.prompt), to_v.forward(attended.prompt), heads);
  for (const auto& picture : attended.pictures) {
    const auto& [keys, values] = picture.layers.at(layer);
    seen =
        seen.add_(attention(queries, keys.to(x.scalar_type()), values.to(x.scalar_type()), heads));
  }
  return to_out.forward(seen);
}

FeedForward::FeedForward(const weights::Scope& scope, std::int64_t width)
    : proj(scope / "net" / 0 / "proj", width, 2 * kExpansion * width),
      linear(scope / "net" / 2, kExpansion * width, width) {}

at::Tensor FeedForward::forward(const at::Tensor& x) const {
  const auto halves = proj.forward(x).chunk(2, -1);
  return linear.forward(at::gelu(halves[1]).mul_(halves[0]));
}

TransformerBlock::TransformerBlock(const weights::Scope& scope, const TransformerShape& shape)
    : norm1(scope / "norm1", shape.channels, kLayerNormEps),
      attn1(scope / "attn1", shape.channels,
            shape.only_cross_attention ? shape.context_width : shape.channels, shape.heads),
      norm2(scope / "norm2", shape.channels, kLayerNormEps),
      attn2(scope / "attn2", shape.channels, shape.context_width, shape.heads),
      norm3(scope / "norm3", shape.channels, kLayerNormEps),
      ff(scope / "ff", shape.channels),
      only_cross_attention(shape.only_cross_attention),
      width(shape.channels) {}

at::Tensor TransformerBlock::forward(const at::Tensor& x, const Attended& attended) const {
  const auto normed = norm1.forward(x);
  auto h = attn1.forward(normed, only_cross_attention ? attended.prompt : normed).add_(x);
  h = attn2.forward(norm2.forward(h), attended, image_layer).add_(h);
  return ff.forward(norm3.forward(h)).add_(h);
}

Transformer2d::Transformer2d(const weights::Scope& scope, const TransformerShape& shape)
    : norm(scope / "norm", shape.channels, shape.groups, kNormEps),
      proj_in(scope / "proj_in", shape.channels, shape.channels),
      proj_out(scope / "proj_out", shape.channels, shape.channels) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.layers); ++i) {
    transformer_blocks.emplace_back(scope / "transformer_blocks" / i, shape);
  }
}

at::Tensor Transformer2d::forward(const at::Tensor& x, const Attended& attended) const {
  const auto batch = x.size(0);
  const auto channels = x.size(1);
  // Cells become tokens. With channels last in memory this moves nothing.
  auto h = norm.forward(x).permute({0, 2, 3, 1}).reshape({batch, -1, channels});  // [B, h w, C]
  h = proj_in.forward(h);
  for (const auto& block : transformer_blocks) h = block.forward(h, attended);
  h = proj_out.forward(h);
  return h.view({batch, x.size(2), x.size(3), channels}).permute({0, 3, 1, 2}).add_(x);
}

}  // namespace furrow::engine::nn
