#pragma once

#include <vector>

#include "coordinator/core/effects.h"

namespace furrow::net {

/// Logs what is about to be stored, for the core itself is silent: at info the story of jobs and
/// workers, at warn what went wrong and was coped with, at debug every lease and result.
void tell(const std::vector<core::StoreOp>& ops);

}  // namespace furrow::net
