#pragma once

#include "worker/engine/nn/config_reader.h"
#include "worker/engine/nn/unet_config.h"

/// What config.json says of a UNet's down path, which a ControlNet is a copy of. Faults go to the
/// reader.
namespace furrow::engine::nn {

/// All of a UNet but its up blocks and what only a whole UNet has; these stay as they are by
/// default.
UNetConfig read_down_path(ConfigReader& reader);

/// Finds what contradicts itself.
void check_levels(ConfigReader& reader, const UNetConfig& config);

/// Refuses the variants of UNet and ControlNet that are not built here.
void refuse_variants(ConfigReader& reader);

}  // namespace furrow::engine::nn
