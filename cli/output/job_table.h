#pragma once

#include <string>
#include <vector>

#include "cli/output/console.h"
#include "furrow/v1/client.pb.h"

namespace furrow::cli {

/// A table of jobs with a small bar each and, for those that wait, what they wait for.
std::string job_table(const std::vector<v1::JobView>& jobs, const Terminal& terminal);

/// How a job's or a cell's state is painted.
Paint paint_of(v1::JobState state);
Paint paint_of(v1::CellState state);

}  // namespace furrow::cli
