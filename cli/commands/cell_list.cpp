#include <array>
#include <limits>

#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/job_table.h"
#include "cli/output/json.h"
#include "cli/output/table.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"
#include "cli/session.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

constexpr std::array kStates = {v1::CELL_STATE_PENDING, v1::CELL_STATE_LEASED,
                                v1::CELL_STATE_DONE,    v1::CELL_STATE_CACHED,
                                v1::CELL_STATE_FAILED,  v1::CELL_STATE_CANCELLED,
                                v1::CELL_STATE_SKIPPED, v1::CELL_STATE_INFEASIBLE};
constexpr std::int64_t kRowsShown = 500;

Result<std::vector<v1::CellState>> states_of(const Arguments& arguments) {
  std::vector<v1::CellState> states;
  for (const std::string& text : arguments.texts("state")) {
    std::vector<std::string_view> names;
    for (const v1::CellState state : kStates) {
      names.push_back(cell_state_name(state));
      if (text == names.back()) states.push_back(state);
    }
    if (std::find(names.begin(), names.end(), text) == names.end()) {
      return fail(ErrorKind::Invalid,
                  fmt::format("--state: \"{}\" is no state of a cell. There are: {}.", text,
                              fmt::join(names, ", ")));
    }
  }
  return states;
}

/// Visits at most `limit` cells; true when there were more.
Result<bool> visit_some(Client& client, const v1::JobView& job,
                        const std::vector<v1::CellState>& states, std::int64_t limit,
                        const std::function<void(const v1::CellView&)>& visit) {
  constexpr const char* kEnough = "enough";
  const auto visited =
      visit_cells(client, job.id(), states, [&](const v1::CellView& cell) -> Result<void> {
        if (limit-- <= 0) return fail(ErrorKind::Cancelled, kEnough);
        visit(cell);
        return {};
      });
  if (visited) return false;
  if (visited.error() == Error{ErrorKind::Cancelled, kEnough}) return true;
  return visited.unexpected();
}

/// One cell a line, so that a large job is never in memory whole.
Result<void> print_json(Client& client, const v1::JobView& job,
                        const std::vector<v1::CellState>& states, std::int64_t limit,
                        Console& console) {
  const spec::Grid grid(job.plan());
  const char* before = "[\n";
  FURROW_TRY_VOID(visit_some(client, job, states, limit, [&](const v1::CellView& cell) {
    std::string line = json_line(cell_json(grid, cell));
    line.pop_back();
    console.out << before << "  " << line;
    before = ",\n";
  }));
  console.out << (*before == '[' ? "[]\n" : "\n]\n");
  return {};
}

Result<void> print_table(Client& client, const v1::JobView& job,
                         const std::vector<v1::CellState>& states, std::int64_t limit,
                         Console& console) {
  const spec::Grid grid(job.plan());
  std::vector<Column> columns = {{"CELL", Align::Right}, {"STATE"}};
  for (const v1::PlanAxis& axis : job.plan().axes())
    columns.push_back({axis.label(), Align::Left, 8});
  for (const Column& column : {Column{"TRY", Align::Right}, Column{"WORKER", Align::Left, 6},
                               Column{"TIME", Align::Right}, Column{"ERROR", Align::Left, 8}}) {
    columns.push_back(column);
  }
  Table table(std::move(columns));
  FURROW_TRY(const bool more, visit_some(client, job, states, limit, [&](const v1::CellView& cell) {
               std::vector<TableCell> row = {
                   std::to_string(cell.index()),
                   {std::string(cell_state_name(cell.state())), paint_of(cell.state())}};
               const auto position = grid.coordinates(cell.index());
               for (std::size_t axis = 0; axis < position.size(); ++axis) {
                 row.emplace_back(grid.value_label(axis, position[axis]));
               }
               row.emplace_back(cell.attempt() == 0 ? "" : std::to_string(cell.attempt()));
               row.emplace_back(cell.worker());
               const bool is_stepping = cell.state() == v1::CELL_STATE_LEASED && cell.steps() > 0;
               row.emplace_back(is_stepping
                                    ? fmt::format("step {}/{}", cell.step(), cell.steps())
                                    : (cell.seconds() > 0 ? duration_text(cell.seconds()) : ""));
               row.emplace_back(cell.error());
               table.add_row(std::move(row));
             }));
  if (table.empty()) {
    console.err << "There are no such cells.\n";
    return {};
  }
  console.out << table.render(console.out_terminal);
  if (more) console.err << fmt::format("There are more; for all of them: --limit 0\n");
  return {};
}

}  // namespace

std::span<const Flag> cell_list_flags() {
  static constexpr Flag kFlags[] = {
      {"state", "STATE",
       "only these: pending, running, done, cached, failed, cancelled, skipped, infeasible; "
       "repeatable",
       ValueKind::Text, 0, true},
      {"limit", "N", "how many; 0: all (default: all as JSON, 500 in a table)", ValueKind::Number,
       'n'},
      kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_cell_list(const Arguments& arguments, Console& console) {
  FURROW_TRY(const auto states, states_of(arguments));
  FURROW_TRY(const auto given, arguments.integer("limit", 0));
  std::int64_t limit = given.value_or(arguments.has("json") ? 0 : kRowsShown);
  if (limit == 0) limit = std::numeric_limits<std::int64_t>::max();
  FURROW_TRY(Client client, connect_client(arguments));
  FURROW_TRY(const v1::JobView job, client.show_job(arguments.operands().front()));
  FURROW_TRY_VOID(arguments.has("json") ? print_json(client, job, states, limit, console)
                                        : print_table(client, job, states, limit, console));
  return config::kExitOk;
}

}  // namespace furrow::cli
