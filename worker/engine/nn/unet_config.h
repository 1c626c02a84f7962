#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "worker/engine/nn/activation.h"

namespace furrow::engine::nn {

/// One resolution of the UNet: what config.json lists per block, in the order of the down blocks.
struct UNetLevel {
  std::int64_t channels = 0;
  std::int64_t layers = 0;               ///< resnets of the down block; the up block has one more
  std::int64_t heads = 0;                ///< of its attentions
  std::int64_t transformer_layers = 1;   ///< transformer blocks in each attention
  std::int64_t cross_attention_dim = 0;  ///< width of the prompt embeddings it attends to
  bool only_cross_attention = false;     ///< its self-attention looks at the prompt as well
  bool down_has_attention = false;       ///< CrossAttnDownBlock2D, else DownBlock2D
  bool up_has_attention = false;         ///< CrossAttnUpBlock2D, else UpBlock2D
};

/// What a UNet2DConditionModel's config.json says, with diffusers' defaults for what it leaves out.
struct UNetConfig {
  std::int64_t sample_size = 0;  ///< the latent size it was trained for; 0: not said
  std::int64_t in_channels = 4;
  std::int64_t out_channels = 4;
  bool center_input_sample = false;  ///< maps the input from [0, 1] to [-1, 1]
  bool flip_sin_to_cos = true;       ///< timestep embedding: cosines before sines
  double freq_shift = 0;
  std::int64_t time_embedding_dim = 0;
  Activation activation = Activation::Silu;
  std::int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  std::int64_t downsample_padding = 1;  ///< 0: pads right and below instead
  double mid_block_scale_factor = 1;
  bool has_mid_block = true;
  std::int64_t conv_in_kernel = 3;
  std::int64_t conv_out_kernel = 3;
  std::vector<UNetLevel> levels;  ///< finest first

  /// Reads a config.json. Errors: Invalid, naming every key whose value cannot be used: of a wrong
  /// type, contradictory, unknown, or asking for what this UNet does not do.
  static Result<UNetConfig> read(const nlohmann::json& config);

  /// What the config asks for that this UNet does not do ("addition_embed_type \"text_time\"").
  /// Empty: read() fails on it only if it is broken.
  static std::vector<std::string> unsupported(const nlohmann::json& config);
};

}  // namespace furrow::engine::nn
