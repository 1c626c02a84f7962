#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "worker/engine/nn/activation.h"

namespace furrow::engine::nn {

/// What an AutoencoderKL's config.json says, with diffusers' defaults for what it leaves out.
struct AutoencoderConfig {
  std::int64_t in_channels = 3;
  std::int64_t out_channels = 3;
  std::vector<std::int64_t> block_out_channels = {64};  ///< finest first
  std::int64_t layers_per_block = 1;
  Activation activation = Activation::Silu;
  std::int64_t latent_channels = 4;
  std::int64_t norm_num_groups = 32;
  std::int64_t sample_size = 32;    ///< side of the pictures that it was trained on, in pixels
  double scaling_factor = 0.18215;  ///< diffusion works on (latent - shift_factor) * scaling_factor
  double shift_factor = 0;
  bool use_quant_conv = true;
  bool use_post_quant_conv = true;
  bool mid_block_add_attention = true;

  /// Pixels per latent cell and side: 8 for four blocks.
  std::int64_t spatial_factor() const { return std::int64_t{1} << (block_out_channels.size() - 1); }

  /// Reads a config.json. Errors: Invalid, naming every key whose value cannot be used.
  static Result<AutoencoderConfig> read(const nlohmann::json& config);

  /// What the config asks for that this autoencoder does not do. Empty: read() fails on it only if
  /// it is broken.
  static std::vector<std::string> unsupported(const nlohmann::json& config);
};

}  // namespace furrow::engine::nn
