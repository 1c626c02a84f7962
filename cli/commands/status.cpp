#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/job_table.h"
#include "cli/output/json.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"
#include "cli/output/worker_table.h"
#include "cli/session.h"
#include "common/base/clock.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

Json status_json(const v1::StatusReply& status, const v1::WorkersReply& workers,
                 const std::string& endpoint) {
  Json jobs = Json::array();
  for (const v1::JobView& job : status.jobs()) jobs.push_back(job_json(job));
  Json worker_list = Json::array();
  for (const v1::WorkerView& worker : workers.workers()) worker_list.push_back(worker_json(worker));
  return {{"schema", "furrow.status/1"},
          {"coordinator", endpoint},
          {"version", status.version()},
          {"epoch", status.epoch()},
          {"uptime_s", status.uptime_s()},
          {"data_folder", status.data_folder()},
          {"workers_connected", status.workers_connected()},
          {"workers_known", status.workers_known()},
          {"jobs_active", status.jobs_active()},
          {"cells_pending", status.cells_pending()},
          {"cells_running", status.cells_running()},
          {"cells_per_second", status.cells_per_second()},
          {"frames_dropped", status.frames_dropped()},
          {"workers", std::move(worker_list)},
          {"jobs", std::move(jobs)}};
}

std::string headline(const v1::StatusReply& status, const std::string& endpoint) {
  std::string text = fmt::format("coordinator {} at {}, up {}, data in {}\n", status.version(),
                                 endpoint, duration_text(status.uptime_s()), status.data_folder());
  text +=
      fmt::format("{} of {} connected, {} running, {} waiting", grouped(status.workers_connected()),
                  counted(status.workers_known(), "worker"),
                  counted(status.cells_running(), "cell"), grouped(status.cells_pending()));
  if (status.cells_per_second() > 0)
    text += fmt::format(", {:.1f} cells/s", status.cells_per_second());
  if (status.frames_dropped() > 0) {
    text += fmt::format(", {} dropped", counted(status.frames_dropped(), "garbled message"));
  }
  return printable(text, Lines::Keep) + "\n";
}

std::string page(const v1::StatusReply& status, const v1::WorkersReply& workers,
                 const std::string& endpoint, const Terminal& terminal) {
  std::string text = headline(status, endpoint) + "\n";
  text += workers.workers().empty()
              ? "No worker is known. Start one with: furrow-worker start (or furrow up)\n"
              : worker_table({workers.workers().begin(), workers.workers().end()},
                             Now::read().unix.value, terminal);
  text += "\n";
  text += status.jobs().empty() ? "No jobs yet. Queue one with: furrow submit\n"
                                : job_table({status.jobs().begin(), status.jobs().end()}, terminal);
  return text;
}

}  // namespace

std::span<const Flag> status_flags() {
  static constexpr Flag kFlags[] = {
      {"jobs", "N", "how many of the newest jobs to list (default 10)", ValueKind::Number, 'n'},
      kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_status(const Arguments& arguments, Console& console) {
  if (!arguments.operands().empty()) return run_job_show(arguments, console);
  FURROW_TRY(const auto jobs, arguments.integer("jobs", 1, 10'000));
  FURROW_TRY(Client client, connect_client(arguments));
  FURROW_TRY(const v1::StatusReply status,
             client.status(static_cast<std::uint32_t>(jobs.value_or(10))));
  FURROW_TRY(const v1::WorkersReply workers, client.workers());
  console.out << (arguments.has("json")
                      ? document(status_json(status, workers, client.endpoint()))
                      : page(status, workers, client.endpoint(), console.out_terminal));
  return config::kExitOk;
}

}  // namespace furrow::cli
