#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/added_conditioning.h"
#include "worker/engine/nn/timestep_embedding.h"
#include "worker/engine/nn/unet_config.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// What every resnet of a UNet or a ControlNet is shifted by: the timestep, and for SDXL (Podell et
/// al. 2023, arXiv:2307.01952, section 2.2) the pooled prompt and the sizes of the picture.
struct UNetEmbedding {
  TimestepEmbedding time_embedding;
  std::optional<TimestepEmbedding> add_embedding;  // text_time

  /// `scope` is that of the whole network.
  UNetEmbedding(const weights::Scope& scope, const UNetConfig& config);

  /// @param timesteps  [B] or a scalar, float or integer
  /// @param added      text_embeds, time_ids and timestep_cond of it
  /// @return           [B, time_embedding_dim] in the dtype of the weights, after the activation
  ///                   that every resnet begins with
  at::Tensor forward(const at::Tensor& timesteps, std::int64_t batch,
                     const AddedConditioning& added) const;

 private:
  at::Tensor embed_text_and_times(const AddedConditioning& added, std::int64_t batch) const;

  std::int64_t width_;  // of the sinusoids of the timestep
  bool flip_sin_to_cos_;
  double freq_shift_;
  Activation activation_;
  std::optional<TextTimeConfig> text_time_;
};

}  // namespace furrow::engine::nn
