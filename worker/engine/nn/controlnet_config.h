#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "worker/engine/nn/unet_config.h"

namespace furrow::engine::nn {

/// What a ControlNetModel's config.json says, with diffusers' defaults for what it leaves out.
struct ControlNetConfig {
  UNetConfig unet;  ///< the UNet whose down path and middle block it is a copy of
  std::int64_t conditioning_channels = 3;
  std::vector<std::int64_t> conditioning_embedding_out_channels = {16, 32, 96, 256};
  bool is_bgr = false;                  ///< its pictures have blue first
  bool global_pool_conditions = false;  ///< its residuals are the same for every cell ("shuffle")

  /// Reads a config.json. Errors: Invalid, naming every key whose value cannot be used.
  static Result<ControlNetConfig> read(const nlohmann::json& config);
};

}  // namespace furrow::engine::nn
