#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"

namespace furrow::engine::nn {

/// What an SD3Transformer2DModel's config.json says, with diffusers' defaults for what it leaves
/// out.
struct MmditConfig {
  std::int64_t sample_size = 128;  ///< the latent size it was trained for
  std::int64_t patch_size = 2;     ///< so many latent cells a side are one token
  std::int64_t in_channels = 16;
  std::int64_t out_channels = 16;
  std::int64_t num_layers = 18;
  std::int64_t attention_head_dim = 64;
  std::int64_t num_attention_heads = 18;
  std::int64_t joint_attention_dim = 4096;  ///< width of the prompt embeddings
  std::int64_t pooled_projection_dim = 2048;
  std::int64_t pos_embed_max_size = 96;             ///< side of the table of positions, in patches
  std::vector<std::int64_t> dual_attention_layers;  ///< blocks where the image attends once more,
                                                    ///< to itself alone (3.5 medium)
  bool norms_qk = false;                            ///< 3.5

  std::int64_t width() const { return attention_head_dim * num_attention_heads; }

  bool has_dual_attention(std::int64_t layer) const;

  /// Reads a config.json. Errors: Invalid, naming every key whose value cannot be used.
  static Result<MmditConfig> read(const nlohmann::json& config);

  /// What the config asks for that this transformer does not do. Empty: read() fails on it only if
  /// it is broken.
  static std::vector<std::string> unsupported(const nlohmann::json& config);
};

}  // namespace furrow::engine::nn
