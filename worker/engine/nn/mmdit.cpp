#include "worker/engine/nn/mmdit.h"

#include <algorithm>
#include <cstddef>

#include <ATen/ATen.h>

#include "worker/engine/nn/attention.h"

namespace furrow::engine::nn {

namespace {

AttentionShape attention_shape(const MmditConfig& c) {
  return {c.num_attention_heads, c.attention_head_dim, c.norms_qk};
}

at::Tensor self_attention(const AttentionStream& stream, const at::Tensor& x) {
  const auto [q, k, v] = stream.project(x);
  return attention(q, k, v, stream.heads);
}

// x + gate * change
at::Tensor gated(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& change) {
  return at::addcmul(x, gate, change);
}

}  // namespace

PatchEmbedding::PatchEmbedding(const weights::Scope& scope, const MmditConfig& c)
    : proj(scope / "proj", {.in = c.in_channels,
                            .out = c.width(),
                            .kernel = c.patch_size,
                            .stride = c.patch_size,
                            .padding = 0}),
      pos_embed(
          scope.required("pos_embed", {1, c.pos_embed_max_size * c.pos_embed_max_size, c.width()})),
      patch(c.patch_size),
      max_size(c.pos_embed_max_size) {}

at::Tensor PatchEmbedding::forward(const at::Tensor& latents) const {
  const auto rows = latents.size(2) / patch;
  const auto columns = latents.size(3) / patch;
  TORCH_CHECK_VALUE(latents.size(2) % patch == 0 && latents.size(3) % patch == 0,
                    "the transformer takes latents in patches of ", patch, ", got ",
                    latents.sizes());
  TORCH_CHECK_VALUE(rows <= max_size && columns <= max_size, "the transformer knows ", max_size,
                    " places a side, and the latents have ", rows, " by ", columns);
  const auto tokens = proj.forward(latents).flatten(2).transpose(1, 2);  // [B, T, D]
  const auto places = pos_embed.get()
                          .view({max_size, max_size, -1})
                          .narrow(0, (max_size - rows) / 2, rows)
                          .narrow(1, (max_size - columns) / 2, columns)
                          .reshape({1, rows * columns, -1});
  return tokens + places;
}

MmditBlock::MmditBlock(const weights::Scope& scope, const MmditConfig& c, std::int64_t layer)
    : shape(attention_shape(c)),
      norm1(scope / "norm1", c.width(), c.has_dual_attention(layer) ? 9 : 6),
      image(scope / "attn", shape, kImageStream),
      text(scope / "attn", shape, kTextStream),
      to_out(scope / "attn" / "to_out" / 0, c.width(), c.width()),
      ff(scope / "ff", c.width()) {
  const bool is_last = layer + 1 == c.num_layers;
  if (is_last) {
    last_context.emplace(scope / "norm1_context", c.width());
  } else {
    norm1_context.emplace(scope / "norm1_context", c.width(), 6);
    text_out.emplace(scope, c.width());
  }
  if (c.has_dual_attention(layer)) attn2.emplace(scope / "attn2", shape);
}

MmditBlock::Streams MmditBlock::forward(const Streams& in, const at::Tensor& embedding) const {
  // In this order: shift, scale and gate of the attention, then those of the MLP.
  const auto parts = norm1.forward(embedding);
  const auto normed = plain_norm(in.image);
  const auto image_qkv = image.project(modulated(normed, parts[0], parts[1]));
  const auto text_parts =
      norm1_context ? norm1_context->forward(embedding) : std::vector<at::Tensor>();
  const auto text_normed = last_context
                               ? last_context->forward(in.text, embedding)
                               : modulated(plain_norm(in.text), text_parts[0], text_parts[1]);

  const auto [q, k, v] = joined(text.project(text_normed), image_qkv);
  const auto attended = attention(q, k, v, shape.heads);
  const auto text_tokens = in.text.size(1);
  Streams out = {image_half(in, parts, normed, attended.narrow(1, text_tokens, in.image.size(1))),
                 in.text};
  if (!text_out) return out;

  const auto text_change = text_out->to_add_out.forward(attended.narrow(1, 0, text_tokens));
  const auto h = gated(in.text, text_parts[2], text_change);
  out.text = gated(h, text_parts[5],
                   text_out->ff.forward(modulated(plain_norm(h), text_parts[3], text_parts[4])));
  return out;
}

at::Tensor MmditBlock::image_half(const Streams& in, const std::vector<at::Tensor>& parts,
                                  const at::Tensor& normed, const at::Tensor& attended) const {
  auto h = gated(in.image, parts[2], to_out.forward(attended));
  if (attn2) {
    // Of the image as the block was given it, beside the first attention.
    const auto alone = self_attention(attn2->stream, modulated(normed, parts[6], parts[7]));
    h = gated(h, parts[8], attn2->to_out.forward(alone));
  }
  return gated(h, parts[5], ff.forward(modulated(plain_norm(h), parts[3], parts[4])));
}

Mmdit::Mmdit(const weights::Scope& scope, const MmditConfig& c)
    : config(c),
      pos_embed(scope / "pos_embed", c),
      time_text_embed(scope / "time_text_embed", c.width(), c.pooled_projection_dim,
                      /*embeds_guidance=*/false),
      context_embedder(scope / "context_embedder", c.joint_attention_dim, c.width()),
      norm_out(scope / "norm_out", c.width()),
      proj_out(scope / "proj_out", c.width(), c.patch_size * c.patch_size * c.out_channels) {
  for (std::int64_t i = 0; i < c.num_layers; ++i) {
    blocks.emplace_back(scope / "transformer_blocks" / static_cast<std::size_t>(i), c, i);
  }
}

at::Tensor Mmdit::forward(const at::Tensor& latents, const at::Tensor& timesteps,
                          const at::Tensor& prompt, const at::Tensor& pooled,
                          const std::vector<std::int64_t>& skipped) const {
  const auto is_skipped = [&](std::size_t block) {
    return std::find(skipped.begin(), skipped.end(), static_cast<std::int64_t>(block)) !=
           skipped.end();
  };
  const auto dtype = context_embedder.weight.loaded().scalar_type();
  const auto embedding = time_text_embed.forward(timesteps, {}, pooled.to(dtype));
  MmditBlock::Streams streams = {pos_embed.forward(latents.to(dtype)),
                                 context_embedder.forward(prompt.to(dtype))};
  for (std::size_t i = 0; i < blocks.size(); ++i)
    if (!is_skipped(i)) streams = blocks[i].forward(streams, embedding);
  const auto patches = proj_out.forward(norm_out.forward(streams.image, embedding));

  const auto p = config.patch_size;
  const auto rows = latents.size(2) / p;
  const auto columns = latents.size(3) / p;
  return patches.view({latents.size(0), rows, columns, p, p, config.out_channels})
      .permute({0, 5, 1, 3, 2, 4})  // [B, C, rows, p, columns, p]
      .reshape({latents.size(0), config.out_channels, rows * p, columns * p})
      .to(latents.scalar_type());
}

}  // namespace furrow::engine::nn
