#include "worker/engine/nn/unet_embedding.h"

#include <ATen/ATen.h>

namespace furrow::engine::nn {

UNetEmbedding::UNetEmbedding(const weights::Scope& scope, const UNetConfig& config)
    : time_embedding(scope / "time_embedding", {.width = config.levels.front().channels,
                                                .dim = config.time_embedding_dim,
                                                .condition_width = config.time_cond_proj_dim,
                                                .activation = config.activation}),
      width_(config.levels.front().channels),
      flip_sin_to_cos_(config.flip_sin_to_cos),
      freq_shift_(config.freq_shift),
      activation_(config.activation),
      text_time_(config.text_time) {
  if (!text_time_) return;
  // Whatever act_fn says, this embedding has SiLU.
  add_embedding.emplace(
      scope / "add_embedding",
      TimestepEmbeddingShape{.width = text_time_->input_dim, .dim = config.time_embedding_dim});
}

at::Tensor UNetEmbedding::forward(const at::Tensor& timesteps, std::int64_t batch,
                                  const AddedConditioning& added) const {
  TORCH_CHECK_VALUE(timesteps.numel() == 1 || timesteps.numel() == batch,
                    "the network takes one timestep or ", batch, ", got ", timesteps.sizes());
  TORCH_CHECK_VALUE(text_time_ || (!added.text_embeds.defined() && !added.time_ids.defined()),
                    "the network takes no text_embeds and time_ids: it is no SDXL");
  const auto dtype = time_embedding.linear_1.weight.dtype();
  const auto sinusoids = sinusoidal_embedding(timesteps.reshape(-1).expand(batch), width_,
                                              flip_sin_to_cos_, freq_shift_);
  auto embedding = time_embedding.forward(sinusoids.to(dtype), added.timestep_cond);
  if (text_time_) {
    embedding = embedding + add_embedding->forward(embed_text_and_times(added, batch).to(dtype));
  }
  return activate(activation_, embedding);
}

at::Tensor UNetEmbedding::embed_text_and_times(const AddedConditioning& added,
                                               std::int64_t batch) const {
  TORCH_CHECK_VALUE(added.text_embeds.defined() && added.time_ids.defined(),
                    "the network needs text_embeds and time_ids");
  TORCH_CHECK_VALUE(added.text_embeds.dim() == 2 && added.text_embeds.size(0) == batch,
                    "text_embeds are [", batch, ", P], got ", added.text_embeds.sizes());
  TORCH_CHECK_VALUE(added.time_ids.dim() == 2 && added.time_ids.size(0) == batch, "time_ids are [",
                    batch, ", n], got ", added.time_ids.sizes());
  const auto times = sinusoidal_embedding(added.time_ids.reshape(-1), text_time_->time_embed_dim,
                                          flip_sin_to_cos_, freq_shift_)
                         .view({batch, -1});
  const auto together = at::cat({added.text_embeds.to(at::kFloat), times}, 1);
  TORCH_CHECK_VALUE(together.size(1) == text_time_->input_dim, "text_embeds and time_ids give ",
                    together.size(1), " numbers a picture and should give ", text_time_->input_dim,
                    " (projection_class_embeddings_input_dim)");
  return together;
}

}  // namespace furrow::engine::nn
