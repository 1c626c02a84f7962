#include "worker/engine/nn/flux.h"

#include <cstddef>

#include <ATen/ATen.h>

#include "worker/engine/nn/attention.h"

namespace furrow::engine::nn {

namespace {

// Timesteps and guidance scales are embedded as thousandths.
constexpr double kThousand = 1000;

AttentionShape attention_shape(const FluxConfig& c) {
  return {c.num_attention_heads, c.attention_head_dim, /*norms_qk=*/true};
}

// All tokens to all, each turned to its place.
at::Tensor rotary_attention(const Qkv& qkv, const RotaryTable& places, std::int64_t heads) {
  return attention(places.rotate(qkv.q, heads), places.rotate(qkv.k, heads), qkv.v, heads);
}

// What follows the attention in one stream of a double block.
at::Tensor finish_stream(const FluxDoubleBlock::Stream& stream, const at::Tensor& x,
                         const std::vector<at::Tensor>& parts, const at::Tensor& attended) {
  const auto h = at::addcmul(x, parts[2], stream.out.forward(attended));
  const auto normed = modulated(plain_norm(h), parts[3], parts[4]);
  return at::addcmul(h, parts[5], stream.ff.forward(normed));
}

}  // namespace

FluxDoubleBlock::FluxDoubleBlock(const weights::Scope& scope, const FluxConfig& c)
    : image{Modulation(scope / "norm1", c.width(), 6),
            AttentionStream(scope / "attn", attention_shape(c), kImageStream),
            Linear(scope / "attn" / "to_out" / 0, c.width(), c.width()),
            GeluMlp(scope / "ff", c.width())},
      text{Modulation(scope / "norm1_context", c.width(), 6),
           AttentionStream(scope / "attn", attention_shape(c), kTextStream),
           Linear(scope / "attn" / "to_add_out", c.width(), c.width()),
           GeluMlp(scope / "ff_context", c.width())} {}

FluxDoubleBlock::Tokens FluxDoubleBlock::forward(const Tokens& in, const at::Tensor& embedding,
                                                 const RotaryTable& places) const {
  const auto image_parts = image.norm1.forward(embedding);
  const auto text_parts = text.norm1.forward(embedding);
  const auto image_qkv =
      image.qkv.project(modulated(plain_norm(in.image), image_parts[0], image_parts[1]));
  const auto text_qkv =
      text.qkv.project(modulated(plain_norm(in.text), text_parts[0], text_parts[1]));
  const auto attended = rotary_attention(joined(text_qkv, image_qkv), places, image.qkv.heads);
  const auto text_tokens = in.text.size(1);
  return {finish_stream(image, in.image, image_parts,
                        attended.narrow(1, text_tokens, in.image.size(1))),
          finish_stream(text, in.text, text_parts, attended.narrow(1, 0, text_tokens))};
}

FluxSingleBlock::FluxSingleBlock(const weights::Scope& scope, const FluxConfig& c)
    : norm(scope / "norm", c.width(), 3),
      qkv(scope / "attn", attention_shape(c), kImageStream),
      proj_mlp(scope / "proj_mlp", c.width(), 4 * c.width()),
      proj_out(scope / "proj_out", 5 * c.width(), c.width()) {}

at::Tensor FluxSingleBlock::forward(const at::Tensor& x, const at::Tensor& embedding,
                                    const RotaryTable& places) const {
  const auto parts = norm.forward(embedding);
  const auto normed = modulated(plain_norm(x), parts[0], parts[1]);
  const auto attended = rotary_attention(qkv.project(normed), places, qkv.heads);
  const auto wide = at::gelu(proj_mlp.forward(normed), "tanh");
  return at::addcmul(x, parts[2], proj_out.forward(at::cat({attended, wide}, -1)));
}

FluxTransformer::FluxTransformer(const weights::Scope& scope, const FluxConfig& c)
    : config(c),
      time_text_embed(scope / "time_text_embed", c.width(), c.pooled_projection_dim,
                      c.guidance_embeds),
      context_embedder(scope / "context_embedder", c.joint_attention_dim, c.width()),
      x_embedder(scope / "x_embedder", c.in_channels, c.width()),
      norm_out(scope / "norm_out", c.width()),
      proj_out(scope / "proj_out", c.width(), c.out_channels) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(c.num_layers); ++i) {
    double_blocks.emplace_back(scope / "transformer_blocks" / i, c);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(c.num_single_layers); ++i) {
    single_blocks.emplace_back(scope / "single_transformer_blocks" / i, c);
  }
}

at::Tensor FluxTransformer::forward(const FluxInput& in) const {
  TORCH_CHECK_VALUE(in.guidance.defined() == config.guidance_embeds,
                    config.guidance_embeds
                        ? "this transformer takes the guidance scale, and none was given"
                        : "this transformer takes no guidance scale, and one was given");
  const auto dtype = x_embedder.weight.loaded().scalar_type();
  const auto guidance = in.guidance.defined() ? in.guidance * kThousand : at::Tensor();
  const auto embedding =
      time_text_embed.forward(in.timesteps * kThousand, guidance, in.pooled.to(dtype));
  const auto places = RotaryTable::of(at::cat({in.text_ids, in.image_ids}), config.axes_dims_rope);

  FluxDoubleBlock::Tokens tokens = {x_embedder.forward(in.latents.to(dtype)),
                                    context_embedder.forward(in.prompt.to(dtype))};
  for (const auto& block : double_blocks) tokens = block.forward(tokens, embedding, places);
  const auto text_tokens = tokens.text.size(1);
  auto all = at::cat({tokens.text, tokens.image}, 1);
  for (const auto& block : single_blocks) all = block.forward(all, embedding, places);
  const auto image = all.narrow(1, text_tokens, tokens.image.size(1));
  return proj_out.forward(norm_out.forward(image, embedding)).to(in.latents.scalar_type());
}

}  // namespace furrow::engine::nn
