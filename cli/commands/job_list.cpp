#include <array>

#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/job_table.h"
#include "cli/output/json.h"
#include "cli/output/text.h"
#include "cli/session.h"
#include "common/config/exit_code.h"
#include "common/spec/nearest.h"

namespace furrow::cli {

namespace {

constexpr std::array kStates = {v1::JOB_STATE_PENDING, v1::JOB_STATE_RUNNING, v1::JOB_STATE_DONE,
                                v1::JOB_STATE_FAILED, v1::JOB_STATE_CANCELLED};

Result<v1::JobState> job_state_of(const std::string& text) {
  std::vector<std::string> names;
  for (const v1::JobState state : kStates) {
    names.emplace_back(job_state_name(state));
    if (text == names.back()) return state;
  }
  return fail(ErrorKind::Invalid,
              fmt::format("--state: \"{}\" is no state of a job. There are: {}.", text,
                          fmt::join(names, ", ")));
}

}  // namespace

std::span<const Flag> job_list_flags() {
  static constexpr Flag kFlags[] = {
      {"limit", "N", "how many (default 100)", ValueKind::Number, 'n'},
      {"state", "STATE", "only these: pending, running, done, failed, cancelled; repeatable",
       ValueKind::Text, 0, true},
      kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_job_list(const Arguments& arguments, Console& console) {
  v1::ClientRequest request;
  FURROW_TRY(const auto limit, arguments.integer("limit", 1, 1'000'000));
  request.mutable_list_jobs()->set_limit(static_cast<std::uint32_t>(limit.value_or(100)));
  for (const std::string& text : arguments.texts("state")) {
    FURROW_TRY(const v1::JobState state, job_state_of(text));
    request.mutable_list_jobs()->add_states(state);
  }
  FURROW_TRY(Client client, connect_client(arguments));
  FURROW_TRY(const v1::ClientReply reply, client.ask(std::move(request)));
  const auto& jobs = reply.jobs().jobs();
  if (arguments.has("json")) {
    Json list = Json::array();
    for (const v1::JobView& job : jobs) list.push_back(job_json(job));
    console.out << document({{"schema", "furrow.jobs/1"}, {"jobs", std::move(list)}});
  } else if (jobs.empty()) {
    console.err << "There are no such jobs. Queue one with: furrow submit\n";
  } else {
    console.out << job_table({jobs.begin(), jobs.end()}, console.out_terminal);
  }
  return config::kExitOk;
}

}  // namespace furrow::cli
