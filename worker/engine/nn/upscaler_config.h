#pragma once

#include <cstdint>
#include <variant>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"
#include "worker/engine/weights/checkpoint.h"

namespace furrow::engine::nn {

struct RrdbNetConfig {
  std::int64_t in_channels = 3;
  std::int64_t out_channels = 3;
  std::int64_t channels = 64;
  std::int64_t growth = 32;    ///< channels that each convolution of a dense block adds
  std::int64_t blocks = 23;    ///< RRDBs
  std::int64_t unshuffle = 1;  ///< pixels a side that are folded into channels first
  std::int64_t doublings = 2;

  std::int64_t scale() const { return (std::int64_t{1} << doublings) / unshuffle; }
};

struct SrvggNetConfig {
  enum class Activation { Prelu, Relu, LeakyRelu };

  std::int64_t in_channels = 3;
  std::int64_t channels = 64;
  std::int64_t layers = 16;  ///< convolutions between the first and the last
  std::int64_t scale = 4;
  Activation activation = Activation::Prelu;
};

using UpscalerConfig = std::variant<RrdbNetConfig, SrvggNetConfig>;

/// What network a checkpoint holds, by the names (today's: see upscaler_key) and the shapes of its
/// tensors, which published files come with alone.
///
/// @param config  a config.json, or null where there is none. Of it only act_type can tell what the
///                tensors do not; whatever else it says must not contradict them
/// Errors: Invalid, telling what is missing or contradicts the tensors.
Result<UpscalerConfig> read_upscaler_config(const weights::Checkpoint& checkpoint,
                                            const nlohmann::json& config);

}  // namespace furrow::engine::nn
