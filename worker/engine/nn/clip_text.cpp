#include "worker/engine/nn/clip_text.h"

#include <cstddef>

#include <ATen/ATen.h>

#include "worker/engine/nn/attention.h"

namespace furrow::engine::nn {

namespace {

// Configs written before transformers 4.29 say 2 whatever the vocabulary; the end token then is the
// one with the highest id.
constexpr std::int64_t kLegacyEosTokenId = 2;

// [B, T] ids to [B], the position of each text's end token (the first, where there are several; 0
// where there is none).
at::Tensor end_positions(const at::Tensor& input_ids, std::int64_t eos_token_id) {
  if (eos_token_id == kLegacyEosTokenId) return input_ids.argmax(1);
  return input_ids.eq(eos_token_id).to(at::kInt).argmax(1);
}

}  // namespace

ClipEncoderLayer::ClipEncoderLayer(const weights::Scope& scope, const ClipTextConfig& config)
    : layer_norm1(scope / "layer_norm1", config.hidden_size, config.layer_norm_eps),
      self_attn(scope / "self_attn", config.hidden_size),
      layer_norm2(scope / "layer_norm2", config.hidden_size, config.layer_norm_eps),
      mlp(scope / "mlp", config.hidden_size, config.intermediate_size),
      heads(config.num_attention_heads),
      activation(config.hidden_act) {}

at::Tensor ClipEncoderLayer::forward(const at::Tensor& x) const {
  const auto normed = layer_norm1.forward(x);
  const auto seen = attention(self_attn.q_proj.forward(normed), self_attn.k_proj.forward(normed),
                              self_attn.v_proj.forward(normed), heads, Mask::Causal);
  const auto h = self_attn.out_proj.forward(seen).add_(x);
  const auto wide = activate(activation, mlp.fc1.forward(layer_norm2.forward(h)));
  return mlp.fc2.forward(wide).add_(h);
}

ClipText::ClipText(const weights::Scope& scope, const ClipTextConfig& c)
    : config(c),
      token_embedding(scope / "embeddings" / "token_embedding", c.vocab_size, c.hidden_size),
      position_embedding(scope / "embeddings" / "position_embedding", c.max_position_embeddings,
                         c.hidden_size),
      last_norm(scope / "final_layer_norm", c.hidden_size, c.layer_norm_eps) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(c.num_hidden_layers); ++i) {
    layers.emplace_back(scope / "encoder" / "layers" / i, c);
  }
  if (c.has_projection) {
    text_projection.emplace(scope / "text_projection", c.hidden_size, c.projection_dim,
                            Bias::Without);
  }
}

ClipTextOutput ClipText::forward(const at::Tensor& input_ids, const at::Tensor& added) const {
  TORCH_CHECK_VALUE(input_ids.dim() == 2 && input_ids.size(1) <= config.max_position_embeddings,
                    "the text encoder takes [B, T] ids with T at most ",
                    config.max_position_embeddings, ", got ", input_ids.sizes());
  const auto tokens = input_ids.size(1);
  ClipTextOutput out;
  auto x = embed(input_ids, added) + position_embedding.weight.get().narrow(0, 0, tokens);
  out.hidden_states.push_back(x);
  for (const auto& layer : layers) {
    x = layer.forward(x);
    out.hidden_states.push_back(x);
  }
  out.last_hidden_state = final_layer_norm(x);
  const auto rows = at::arange(input_ids.size(0), input_ids.options());
  const auto of_vocabulary = input_ids.masked_fill(input_ids.ge(config.vocab_size), 0);
  out.pooler_output =
      out.last_hidden_state.index({rows, end_positions(of_vocabulary, config.eos_token_id)});
  if (text_projection) out.text_embeds = text_projection->forward(out.pooler_output);
  return out;
}

at::Tensor ClipText::embed(const at::Tensor& input_ids, const at::Tensor& added) const {
  if (!added.defined()) return token_embedding.forward(input_ids);
  const auto is_added = input_ids.ge(config.vocab_size);
  auto embeddings = token_embedding.forward(input_ids.masked_fill(is_added, 0));
  // Throws when an id is beyond the added ones.
  const auto chosen = added.to(embeddings.options())
                          .index_select(0, input_ids.masked_select(is_added) - config.vocab_size);
  return embeddings.index_put_({is_added}, chosen);
}

at::Tensor ClipText::final_layer_norm(const at::Tensor& hidden_state) const {
  return last_norm.forward(hidden_state);
}

}  // namespace furrow::engine::nn
