#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/job_page.h"
#include "cli/output/json.h"
#include "cli/session.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

std::span<const Flag> job_show_flags() {
  static constexpr Flag kFlags[] = {kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_job_show(const Arguments& arguments, Console& console) {
  FURROW_TRY(Client client, connect_client(arguments));
  FURROW_TRY(const v1::JobView job, client.show_job(arguments.operands().front()));
  console.out << (arguments.has("json") ? document(job_json(job))
                                        : job_page(job, console.out_terminal));
  return config::kExitOk;
}

}  // namespace furrow::cli
