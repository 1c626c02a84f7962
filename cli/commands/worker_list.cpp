#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/json.h"
#include "cli/output/worker_table.h"
#include "cli/session.h"
#include "common/base/clock.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

std::span<const Flag> worker_list_flags() {
  static constexpr Flag kFlags[] = {kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_worker_list(const Arguments& arguments, Console& console) {
  FURROW_TRY(Client client, connect_client(arguments));
  FURROW_TRY(const v1::WorkersReply reply, client.workers());
  const auto& workers = reply.workers();
  if (arguments.has("json")) {
    Json list = Json::array();
    for (const v1::WorkerView& worker : workers) list.push_back(worker_json(worker));
    console.out << document({{"schema", "furrow.workers/1"}, {"workers", std::move(list)}});
  } else if (workers.empty()) {
    console.err << "No worker is known. Start one with: furrow-worker start (or furrow up)\n";
  } else {
    console.out << worker_table({workers.begin(), workers.end()}, Now::read().unix.value,
                                console.out_terminal);
  }
  return config::kExitOk;
}

}  // namespace furrow::cli
