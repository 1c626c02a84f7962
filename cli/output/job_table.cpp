#include "cli/output/job_table.h"

#include <fmt/format.h>

#include "cli/output/json.h"
#include "cli/output/progress.h"
#include "cli/output/table.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"

namespace furrow::cli {

namespace {

constexpr int kBarColumns = 10;

bool is_over(const v1::JobView& job) {
  return job.finished_at_ms() != 0;
}

/// What comes next for a job, or what went wrong: the last column.
std::string outlook(const v1::JobView& job) {
  if (job.cells().running() == 0 && !job.waiting_for().empty()) return job.waiting_for();
  if (!is_over(job) && job.eta_s() >= 0) return "ETA " + duration_text(job.eta_s());
  if (job.cells().failed() > 0) return fmt::format("{} failed", grouped(job.cells().failed()));
  if (is_over(job) && job.finished_at_ms() > job.created_at_ms()) {
    const auto took = static_cast<double>(job.finished_at_ms() - job.created_at_ms()) / 1000;
    return "took " + duration_text(took);
  }
  return "";
}

}  // namespace

std::string job_table(const std::vector<v1::JobView>& jobs, const Terminal& terminal) {
  Table table({{"JOB", Align::Right},
               {"NAME", Align::Left, 8},
               {"STATE"},
               {"PROGRESS"},
               {"", Align::Right},
               {"CELLS", Align::Right},
               {"OWNER", Align::Left, 4},
               {"OUTLOOK", Align::Left, 12}});
  for (const v1::JobView& job : jobs) {
    const v1::CellCounts& cells = job.cells();
    std::string small_bar = bar(cells, kBarColumns, terminal.unicode);
    if (!terminal.unicode) small_bar = "[" + small_bar + "]";
    table.add_row({std::to_string(job.id()),
                   job.name(),
                   {std::string(job_state_name(job.state())), paint_of(job.state())},
                   {std::move(small_bar), paint_of(job.state())},
                   fmt::format("{}%", percent_finished(cells)),
                   fmt::format("{}/{}", grouped(finished_cells(cells)), grouped(cells.total())),
                   job.owner(),
                   outlook(job)});
  }
  return table.render(terminal);
}

Paint paint_of(v1::JobState state) {
  switch (state) {
    case v1::JOB_STATE_RUNNING:
      return Paint::Cyan;
    case v1::JOB_STATE_DONE:
      return Paint::Green;
    case v1::JOB_STATE_FAILED:
      return Paint::Red;
    case v1::JOB_STATE_CANCELLED:
      return Paint::Yellow;
    case v1::JOB_STATE_PENDING:
    case v1::JOB_STATE_UNSPECIFIED:
    case v1::JobState_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::JobState_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Paint::Plain;
}

Paint paint_of(v1::CellState state) {
  switch (state) {
    case v1::CELL_STATE_LEASED:
      return Paint::Cyan;
    case v1::CELL_STATE_DONE:
    case v1::CELL_STATE_CACHED:
      return Paint::Green;
    case v1::CELL_STATE_FAILED:
      return Paint::Red;
    case v1::CELL_STATE_CANCELLED:
    case v1::CELL_STATE_INFEASIBLE:
      return Paint::Yellow;
    case v1::CELL_STATE_PENDING:
    case v1::CELL_STATE_SKIPPED:
    case v1::CELL_STATE_UNSPECIFIED:
    case v1::CellState_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::CellState_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Paint::Plain;
}

}  // namespace furrow::cli
