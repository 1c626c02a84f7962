#pragma once

#include "coordinator/core/core.h"
#include "coordinator/core/state.h"

namespace furrow::core {

struct Core::Impl {
  State state;
};

}  // namespace furrow::core
