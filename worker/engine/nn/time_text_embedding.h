#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

#include "worker/engine/nn/timestep_embedding.h"
#include "worker/engine/weights/loader.h"

namespace furrow::engine::nn {

/// The embedding that modulates every block of SD3 and Flux: of the timestep, the pooled prompt
/// and, in a model that was distilled to it, the guidance scale; added up.
struct TimeTextEmbedding {
  TimestepEmbedding timestep_embedder;
  TimestepEmbedding text_embedder;
  std::optional<TimestepEmbedding> guidance_embedder;

  TimeTextEmbedding(const weights::Scope& scope, std::int64_t width, std::int64_t pooled_width,
                    bool embeds_guidance);

  /// @param timesteps  [B], float, 0 .. 1000
  /// @param guidance   [B], the guidance scale times 1000; undefined where the model takes none
  /// @param pooled     [B, pooled_width], in the dtype of the weights
  /// @return           [B, width] in the dtype of `pooled`
  at::Tensor forward(const at::Tensor& timesteps, const at::Tensor& guidance,
                     const at::Tensor& pooled) const;
};

}  // namespace furrow::engine::nn
