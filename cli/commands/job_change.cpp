// job cancel and job retry: both take jobs and answer with what they are now.
#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/job_page.h"
#include "cli/output/json.h"
#include "cli/output/text.h"
#include "cli/session.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

void show(const v1::JobView& job, std::string_view what, const Arguments& arguments,
          Console& console) {
  if (arguments.has("json")) {
    console.out << document(job_json(job));
  } else {
    console.err << fmt::format("job {} \"{}\" {}: {}.\n", job.id(), printable(job.name()), what,
                               counts_text(job.cells()));
  }
}

}  // namespace

std::span<const Flag> job_change_flags() {
  static constexpr Flag kFlags[] = {kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_job_cancel(const Arguments& arguments, Console& console) {
  FURROW_TRY(Client client, connect_client(arguments));
  FURROW_TRY(const v1::JobView job, client.cancel_job(arguments.operands().front()));
  show(job, "is cancelled", arguments, console);
  return config::kExitOk;
}

Result<ExitCode> run_job_retry(const Arguments& arguments, Console& console) {
  FURROW_TRY(Client client, connect_client(arguments));
  FURROW_TRY(const v1::JobView job, client.retry_job(arguments.operands().front()));
  show(job, "is queued again", arguments, console);
  return config::kExitOk;
}

}  // namespace furrow::cli
