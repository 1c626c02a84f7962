#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"

namespace furrow::engine::nn {

/// What a FluxTransformer2DModel's config.json says, with diffusers' defaults for what it leaves
/// out.
struct FluxConfig {
  std::int64_t in_channels = 64;  ///< of a token: the latents' channels times 2 by 2 cells
  std::int64_t out_channels = 64;
  std::int64_t num_layers = 19;  ///< blocks of two streams
  std::int64_t num_single_layers = 38;
  std::int64_t attention_head_dim = 128;
  std::int64_t num_attention_heads = 24;
  std::int64_t joint_attention_dim = 4096;  ///< width of the prompt embeddings
  std::int64_t pooled_projection_dim = 768;
  bool guidance_embeds = false;  ///< the guidance scale is an input (dev)
  std::vector<std::int64_t> axes_dims_rope = {16, 56, 56};

  std::int64_t width() const { return attention_head_dim * num_attention_heads; }

  /// Reads a config.json. Errors: Invalid, naming every key whose value cannot be used.
  static Result<FluxConfig> read(const nlohmann::json& config);

  /// What the config asks for that this transformer does not do. Empty: read() fails on it only if
  /// it is broken.
  static std::vector<std::string> unsupported(const nlohmann::json& config);
};

}  // namespace furrow::engine::nn
