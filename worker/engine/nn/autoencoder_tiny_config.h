#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "worker/engine/nn/activation.h"

namespace furrow::engine::nn {

/// What an AutoencoderTiny's config.json says, with diffusers' defaults for what it leaves out.
struct AutoencoderTinyConfig {
  std::int64_t in_channels = 3;
  std::int64_t out_channels = 3;
  std::int64_t channels_encoder = 64;  ///< of every level, as the network has to have it
  std::int64_t channels_decoder = 64;
  std::vector<std::int64_t> encoder_blocks = {1, 3, 3, 3};  ///< of each level, finest first
  std::vector<std::int64_t> decoder_blocks = {3, 3, 3, 1};  ///< coarsest first
  Activation activation = Activation::Relu;
  std::int64_t latent_channels = 4;
  std::int64_t upsampling_factor = 2;  ///< of each level of the decoder but the last
  double latent_magnitude = 3;
  double latent_shift = 0.5;
  double scaling_factor = 1;  ///< diffusion works on (latent - shift_factor) * scaling_factor
  double shift_factor = 0;

  /// Pixels per latent cell and side: 8 for four levels.
  std::int64_t spatial_factor() const { return std::int64_t{1} << (encoder_blocks.size() - 1); }

  /// Reads a config.json. Errors: Invalid, naming every key whose value cannot be used.
  static Result<AutoencoderTinyConfig> read(const nlohmann::json& config);
};

}  // namespace furrow::engine::nn
