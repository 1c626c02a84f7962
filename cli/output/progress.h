#pragma once

#include <cstdint>
#include <string>

#include "cli/output/console.h"
#include "furrow/v1/client.pb.h"

namespace furrow::cli {

/// How far a job is, as a line shows it. Pure values: the clock is the caller's.
struct ProgressState {
  std::string title;  ///< the job's name
  v1::CellCounts cells;
  double cells_per_second = 0;  ///< 0: not known
  double eta_s = -1;            ///< < 0: not known
  std::string note;             ///< "reconnecting…", or what the job waits for; empty mostly
};

ProgressState progress_of(const v1::JobView& job);

/// Cells that came to their end: not those that were cancelled before.
std::uint64_t finished_cells(const v1::CellCounts& cells);
/// 0 to 100; 100 only when every cell is finished.
int percent_finished(const v1::CellCounts& cells);

/// A bar of `width` columns, in eighths of a block where the terminal has Unicode.
std::string bar(const v1::CellCounts& cells, int width, bool unicode);

/// One line of at most `terminal.width - 1` columns, to be redrawn in place: title, bar, percent,
/// done/total, rate, ETA, running, failed. What matters least goes first when it does not fit.
std::string progress_line(const ProgressState& state, const Terminal& terminal);

/// The same as a plain line for pipes and files, complete.
std::string plain_progress_line(const ProgressState& state);

}  // namespace furrow::cli
