#pragma once

#include <string>

#include "cli/output/console.h"
#include "furrow/v1/client.pb.h"

namespace furrow::cli {

/// All about a job for people: state, counts, times, axes, base parameters. Requires: the view
/// carries its plan.
std::string job_page(const v1::JobView& job, const Terminal& terminal);

/// "3 × 5 × 4" lines of a plan's axes, each with its role, label and first values.
std::string axes_text(const v1::Plan& plan, const Terminal& terminal);

/// "20 steps, euler_a normal, CFG scale 6, 128x128, seed 1, model emoji-diffusion", and what
/// else decides the picture.
std::string recipe_text(const v1::Recipe& recipe);

/// "19 done, 4 running, 13 pending": the states that occur.
std::string counts_text(const v1::CellCounts& cells);

}  // namespace furrow::cli
