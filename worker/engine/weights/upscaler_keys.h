#pragma once

#include <string>
#include <vector>

#include "worker/engine/weights/key_maps.h"

namespace furrow::engine::weights {

/// ESRGAN's network was named three times: conv_first, body.0.rdb1.conv1, … (today's),
/// conv_first, RRDB_trunk.0.RDB1.conv1, …, and by the numbers of layers alone (model.0,
/// model.1.sub.0.RDB1.conv1.0, …).
///
/// @param stored_names  all of the checkpoint; the numbers depend on how many doublings there are
/// @return              maps any of them to today's; names of other networks stay
KeyMap upscaler_key_map(const std::vector<std::string>& stored_names);

}  // namespace furrow::engine::weights
