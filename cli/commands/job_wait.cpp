// job watch and job wait: the same wait, with and without something to look at.
#include <csignal>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/json.h"
#include "cli/output/time_text.h"
#include "cli/process/signals.h"
#include "cli/session.h"
#include "cli/wait_for_job.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

Result<ExitCode> wait_showing(Show show, const Arguments& arguments, Console& console) {
  WaitOptions options{show, std::nullopt};
  if (const auto text = arguments.text("timeout")) {
    FURROW_TRY(options.timeout, parse_duration(*text));
  }
  const SignalInbox interrupts({SIGINT});
  FURROW_TRY(Client client, connect_client(arguments, interrupts.fd()));
  FURROW_TRY(const v1::JobView job, client.show_job(arguments.operands().front()));
  FURROW_TRY(const v1::JobView ended, wait_for_job(client, job, console, options));
  if (show == Show::Nothing && arguments.has("json")) {
    FURROW_TRY(const v1::JobView whole, client.show_job(std::to_string(ended.id())));
    console.out << document(job_json(whole));
  }
  return report_ending(ended, console);
}

}  // namespace

std::span<const Flag> job_watch_flags() {
  static constexpr Flag kFlags[] = {
      {"json", "", "print every update as one line of JSON", ValueKind::None}, kTimeoutFlag};
  return kFlags;
}

Result<ExitCode> run_job_watch(const Arguments& arguments, Console& console) {
  return wait_showing(arguments.has("json") ? Show::JsonLines : Show::Progress, arguments, console);
}

std::span<const Flag> job_wait_flags() {
  static constexpr Flag kFlags[] = {
      {"json", "", "print the job as JSON when it is over", ValueKind::None}, kTimeoutFlag};
  return kFlags;
}

Result<ExitCode> run_job_wait(const Arguments& arguments, Console& console) {
  return wait_showing(Show::Nothing, arguments, console);
}

}  // namespace furrow::cli
