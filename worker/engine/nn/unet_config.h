#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "worker/engine/nn/activation.h"

namespace furrow::engine::nn {

/// One resolution of the UNet: what config.json lists per block, in the order of the down blocks.
struct UNetLevel {
  std::int64_t channels = 0;
  std::int64_t layers = 0;  ///< resnets of the down block; the up block has one more
  std::int64_t heads = 0;   ///< of its attentions
  /// Transformer blocks in each attention of the down block (`layers` of them) and the up block.
  std::vector<std::int64_t> down_transformers;
  std::vector<std::int64_t> up_transformers;
  std::int64_t cross_attention_dim = 0;  ///< width of the prompt embeddings it attends to
  bool only_cross_attention = false;     ///< its self-attention looks at the prompt as well
  bool down_has_attention = false;       ///< CrossAttnDownBlock2D, else DownBlock2D
  bool up_has_attention = false;         ///< CrossAttnUpBlock2D, else UpBlock2D
};

/// What a network of the SDXL kind embeds beside the timestep (addition_embed_type "text_time").
struct TextTimeConfig {
  std::int64_t time_embed_dim = 0;  ///< sinusoids for each of the time_ids
  std::int64_t input_dim = 0;       ///< width of text_embeds and all these sinusoids
};

/// The block between down and up blocks.
enum class MidBlock {
  None,
  Plain,           ///< UNetMidBlock2D: one resnet
  CrossAttention,  ///< UNetMidBlock2DCrossAttn: a resnet, an attention, a resnet
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
  std::int64_t time_cond_proj_dim = 0;  ///< width of the guidance embedding; 0: takes none
  std::optional<TextTimeConfig> text_time;
  Activation activation = Activation::Silu;
  std::int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  std::int64_t downsample_padding = 1;  ///< 0: pads right and below instead
  double mid_block_scale_factor = 1;
  MidBlock mid_block = MidBlock::CrossAttention;
  std::int64_t mid_transformers = 1;  ///< transformer blocks in the middle block's attention
  std::int64_t conv_in_kernel = 3;
  std::int64_t conv_out_kernel = 3;
  std::vector<UNetLevel> levels;  ///< finest first

  /// Reads a config.json. Errors: Invalid, naming every key whose value cannot be used: of a wrong
  /// type, contradictory, unknown, or asking for what this UNet does not do.
  static Result<UNetConfig> read(const nlohmann::json& config);

  /// What the config asks for that this UNet does not do ("addition_embed_type \"text\"").
  /// Empty: read() fails on it only if it is broken.
  static std::vector<std::string> unsupported(const nlohmann::json& config);
};

}  // namespace furrow::engine::nn
