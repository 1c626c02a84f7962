#pragma once

#include <cstdint>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/base/result.h"

namespace furrow::engine::nn {

/// What a T2IAdapter's config.json says, with diffusers' defaults for what it leaves out.
struct T2iAdapterConfig {
  enum class Type {
    Full,    ///< "full_adapter": a level for each of the UNet's
    FullXl,  ///< "full_adapter_xl": four levels of two sizes
    Light,   ///< "light_adapter": narrower inside, and a level for the middle block
  };

  Type type = Type::Full;
  std::int64_t in_channels = 3;
  std::vector<std::int64_t> channels = {320, 640, 1280, 1280};  ///< of each level
  std::int64_t res_blocks = 2;                                  ///< of each level
  std::int64_t downscale_factor = 8;  ///< pixels a side for each cell of the first feature

  /// Reads a config.json. Errors: Invalid, naming every key whose value cannot be used.
  static Result<T2iAdapterConfig> read(const nlohmann::json& config);
};

}  // namespace furrow::engine::nn
