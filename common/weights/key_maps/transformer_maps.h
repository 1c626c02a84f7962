#pragma once

#include <cstdint>

#include "common/weights/key_maps/name_set.h"
#include "common/weights/module_map.h"

namespace furrow::engine::weights {

/// How many blocks of either kind a Flux transformer has, and how wide its tokens are.
struct FluxBlocks {
  std::int64_t double_blocks = 0;
  std::int64_t single_blocks = 0;
  std::int64_t width = 0;

  static FluxBlocks of_original(const NameSet& names, std::int64_t width);
  static FluxBlocks of_members(const NameSet& names, std::int64_t width);
};

/// Flux (black-forest-labs/flux) → FluxTransformer2DModel.
ModuleMap flux_map(const FluxBlocks& blocks);

/// Stable Diffusion 3 and 3.5 (Stability-AI/sd3.5) with `blocks` joint blocks →
/// SD3Transformer2DModel.
ModuleMap sd3_map(std::int64_t blocks);

/// The number of joint blocks, by the names of either side.
std::int64_t sd3_blocks_of_original(const NameSet& names);
std::int64_t sd3_blocks_of_members(const NameSet& names);

}  // namespace furrow::engine::weights
