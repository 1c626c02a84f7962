#pragma once

#include "common/base/clock.h"
#include "coordinator/core/restored.h"
#include "coordinator/core/state.h"

namespace furrow::core {

/// The state to go on from after a restart. Cells that were leased are still leased, to workers
/// that have `restart_grace` to come back for them.
State restore(Settings settings, Restored restored, Now now);

}  // namespace furrow::core
