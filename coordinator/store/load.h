#pragma once

#include "common/base/ids.h"
#include "common/base/result.h"
#include "coordinator/core/restored.h"
#include "coordinator/store/sqlite.h"

namespace furrow::store {

/// The grid and the touched cells of a job, with the tries that count against them.
Result<core::RestoredCells> load_cells(const Connection& connection, JobId job);

}  // namespace furrow::store
