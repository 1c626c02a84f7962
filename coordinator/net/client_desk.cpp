#include "coordinator/net/client_desk.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/base/version.h"
#include "common/spec/grid.h"
#include "common/wire/socket.h"
#include "coordinator/net/protocol.h"

namespace furrow::net {

namespace {

constexpr std::uint32_t kJobsByDefault = 100;
constexpr std::uint32_t kStatusJobsByDefault = 10;

v1::ErrorCode to_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Invalid:
      return v1::ERROR_CODE_INVALID;
    case ErrorKind::NotFound:
      return v1::ERROR_CODE_NOT_FOUND;
    case ErrorKind::NotAllowed:
      return v1::ERROR_CODE_NOT_ALLOWED;
    case ErrorKind::Conflict:
      return v1::ERROR_CODE_CONFLICT;
    case ErrorKind::Internal:
    case ErrorKind::Unreachable:
    case ErrorKind::Timeout:
    case ErrorKind::OutOfMemory:
    case ErrorKind::Io:
    case ErrorKind::Cancelled:
      return v1::ERROR_CODE_INTERNAL;
  }
  return v1::ERROR_CODE_INTERNAL;
}

std::uint32_t at_most(std::uint32_t wanted, std::uint32_t by_default, std::uint32_t limit) {
  return std::min(wanted == 0 ? by_default : wanted, limit);
}

Unexpected no_such_job(const std::string& selector) {
  if (selector == "last") {
    return fail(ErrorKind::NotFound, "there is no job yet. Queue one: furrow submit");
  }
  return fail(ErrorKind::NotFound, "no job is called \"" + selector + "\". See: furrow job list");
}

Result<JobId> resolve(const core::Core& core, const v1::JobSelector& selector) {
  if (const auto job = core.resolve(selector.text())) return *job;
  return no_such_job(selector.text());
}

std::vector<v1::JobState> states_of(const v1::ListJobs& request) {
  std::vector<v1::JobState> states;
  for (const int state : request.states()) states.push_back(static_cast<v1::JobState>(state));
  return states;
}

std::vector<v1::CellState> states_of(const v1::ListCells& request) {
  std::vector<v1::CellState> states;
  for (const int state : request.states()) states.push_back(static_cast<v1::CellState>(state));
  return states;
}

}  // namespace

v1::ErrorReply to_error_reply(const Error& error) {
  v1::ErrorReply reply;
  reply.set_code(to_code(error.kind));
  for (std::size_t start = 0; start <= error.message.size();) {
    const std::size_t end = std::min(error.message.find('\n', start), error.message.size());
    if (end > start) reply.add_messages(error.message.substr(start, end - start));
    start = end + 1;
  }
  return reply;
}

ClientDesk::ClientDesk(CoreCalls& calls, store::Reader reader, CoordinatorFacts facts,
                       std::shared_future<model::ModelIndex> own_models, const Traffic& traffic)
    : calls_(calls),
      facts_(std::move(facts)),
      traffic_(traffic),
      reader_(std::move(reader)),
      submission_(calls, reader_, std::move(own_models)) {}

ClientDesk::Answer ClientDesk::answer(const v1::ClientRequest& request) {
  auto made = answer_to(request);
  Answer answer;
  if (made) {
    answer = *std::move(made);
  } else {
    *answer.reply.mutable_error() = to_error_reply(made.error());
  }
  answer.reply.set_version(wire::kProtocol);
  answer.reply.set_correlation(request.correlation());
  return answer;
}

Result<ClientDesk::Answer> ClientDesk::answer_to(const v1::ClientRequest& request) {
  if (const auto reason = why_not_speak(request)) return fail(ErrorKind::Invalid, *reason);
  Answer answer;
  v1::ClientReply& reply = answer.reply;
  switch (request.body_case()) {
    case v1::ClientRequest::kSubmit: {
      FURROW_TRY(*reply.mutable_submitted(), submission_.submit(request.submit()));
      return answer;
    }
    case v1::ClientRequest::kListJobs:
      *reply.mutable_jobs() = list_jobs(request.list_jobs());
      return answer;
    case v1::ClientRequest::kShowJob: {
      FURROW_TRY(*reply.mutable_job(), show_job(request.show_job()));
      return answer;
    }
    case v1::ClientRequest::kWatchJob: {
      FURROW_TRY(answer.watched, find(request.watch_job().job()));
      *reply.mutable_job()->mutable_job() = answer.watched->view;
      return answer;
    }
    case v1::ClientRequest::kCancelJob: {
      FURROW_TRY(*reply.mutable_job(), cancel_job(request.cancel_job()));
      return answer;
    }
    case v1::ClientRequest::kRetryJob: {
      FURROW_TRY(*reply.mutable_job(), retry_job(request.retry_job()));
      return answer;
    }
    case v1::ClientRequest::kListCells: {
      FURROW_TRY(*reply.mutable_cells(), list_cells(request.list_cells()));
      return answer;
    }
    case v1::ClientRequest::kShowCell: {
      FURROW_TRY(*reply.mutable_cells(), show_cell(request.show_cell()));
      return answer;
    }
    case v1::ClientRequest::kListWorkers:
      *reply.mutable_workers() = list_workers();
      return answer;
    case v1::ClientRequest::kListModels:
      *reply.mutable_models() = list_models();
      return answer;
    case v1::ClientRequest::kStatus:
      *reply.mutable_status() = status(request.status());
      return answer;
    case v1::ClientRequest::kFindLackingInputs: {
      FURROW_TRY(*reply.mutable_lacking_inputs(),
                 find_lacking_inputs(request.find_lacking_inputs()));
      return answer;
    }
    case v1::ClientRequest::BODY_NOT_SET:
      break;
  }
  return fail(ErrorKind::Invalid, "this coordinator (furrow " + std::string(kVersion) +
                                      ") does not know the request. Is your client newer?");
}

std::vector<JobSnapshot> ClientDesk::snapshots(const std::vector<JobId>& jobs) {
  return calls_.ask([&](const core::Core& core, Now now) {
    std::vector<JobSnapshot> found;
    for (const JobId job : jobs) {
      if (core.exists(job)) found.push_back({job, core.generation(job), core.job_view(job, now)});
    }
    return found;
  });
}

Result<JobSnapshot> ClientDesk::find(const v1::JobSelector& selector) {
  return calls_.ask([&](const core::Core& core, Now now) -> Result<JobSnapshot> {
    FURROW_TRY(const JobId job, resolve(core, selector));
    return JobSnapshot{job, core.generation(job), core.job_view(job, now)};
  });
}

v1::JobsReply ClientDesk::list_jobs(const v1::ListJobs& request) {
  const auto limit = at_most(request.limit(), kJobsByDefault, kMaxJobs);
  return calls_.ask([&](const core::Core& core, Now now) {
    v1::JobsReply reply;
    for (const JobId job : core.jobs(limit, states_of(request))) {
      *reply.add_jobs() = core.job_view(job, now);
    }
    return reply;
  });
}

Result<v1::JobReply> ClientDesk::show_job(const v1::ShowJob& request) {
  FURROW_TRY(JobSnapshot found, find(request.job()));
  v1::JobReply reply;
  *reply.mutable_job() = std::move(found.view);
  FURROW_TRY(*reply.mutable_job()->mutable_plan(), reader_.plan(found.job));
  return reply;
}

Result<v1::JobReply> ClientDesk::cancel_job(const v1::CancelJob& request) {
  return calls_.change(
      [&](core::Core& core, Now now, core::Effects& effects) -> Result<v1::JobReply> {
        FURROW_TRY(const JobId job, resolve(core, request.job()));
        FURROW_TRY(effects, core.on_job_cancelled(job, now));
        v1::JobReply reply;
        *reply.mutable_job() = core.job_view(job, now);
        return reply;
      });
}

Result<v1::JobReply> ClientDesk::retry_job(const v1::RetryJob& request) {
  // A job that was over when the coordinator started has its cells in the database only. They do
  // not change between the two calls: jobs are retried by this thread alone.
  FURROW_TRY(const JobId job,
             calls_.ask([&](const core::Core& core, Now) { return resolve(core, request.job()); }));
  std::optional<core::RestoredCells> cells;
  if (calls_.ask([&](const core::Core& core, Now) { return core.needs_cells(job); })) {
    FURROW_TRY(cells, reader_.restored_cells(job));
  }
  return calls_.change(
      [&](core::Core& core, Now now, core::Effects& effects) -> Result<v1::JobReply> {
        FURROW_TRY(effects, core.on_job_retried(job, std::move(cells), now));
        v1::JobReply reply;
        *reply.mutable_job() = core.job_view(job, now);
        return reply;
      });
}

Result<v1::CellsReply> ClientDesk::list_cells(const v1::ListCells& request) {
  FURROW_TRY(const JobSnapshot found, find(request.job()));
  FURROW_TRY(auto page,
             reader_.cells(found.job, request.first(), request.limit(), states_of(request)));
  v1::CellsReply reply;
  reply.set_next(page.next);
  std::size_t bytes = 0;
  for (auto& cell : page.cells) {
    bytes += cell.ByteSizeLong();
    if (bytes > kMaxPageBytes) {
      reply.set_next(cell.index());
      break;
    }
    *reply.add_cells() = std::move(cell);
  }
  add_live_state(found.job, reply);
  return reply;
}

Result<v1::CellsReply> ClientDesk::show_cell(const v1::ShowCell& request) {
  FURROW_TRY(const JobSnapshot found, find(request.job()));
  FURROW_TRY(v1::CellView cell, reader_.cell({found.job, CellIndex(request.index())}));
  if (cell.recipe_hash().empty()) {
    FURROW_TRY(v1::Plan plan, reader_.plan(found.job));
    FURROW_TRY(const spec::Grid grid, spec::Grid::open(std::move(plan)));
    cell.set_recipe_hash(grid.recipe_hash(request.index()).raw());
  }
  v1::CellsReply reply;
  *reply.add_cells() = std::move(cell);
  reply.set_next(request.index() + 1);
  add_live_state(found.job, reply);
  return reply;
}

void ClientDesk::add_live_state(JobId job, v1::CellsReply& reply) {
  calls_.peek([&](const core::Core& core, Now) {
    for (auto& cell : *reply.mutable_cells()) {
      if (cell.state() != v1::CELL_STATE_LEASED) continue;
      const auto running = core.running({job, CellIndex(cell.index())});
      if (!running) continue;
      cell.set_worker(running->worker_name);
      cell.set_attempt(running->attempt);
      cell.set_step(running->step);
      cell.set_steps(running->steps);
    }
    return true;
  });
}

v1::WorkersReply ClientDesk::list_workers() {
  return calls_.peek([](const core::Core& core, Now now) {
    v1::WorkersReply reply;
    for (auto& worker : core.workers(now)) *reply.add_workers() = std::move(worker);
    return reply;
  });
}

v1::ModelsReply ClientDesk::list_models() {
  v1::ModelsReply reply;
  for (auto& model : submission_.catalog().models) *reply.add_models() = std::move(model);
  return reply;
}

Result<v1::LackingInputsReply> ClientDesk::find_lacking_inputs(
    const v1::FindLackingInputs& request) {
  if (request.digests_size() > kMaxInputs) {
    return fail(ErrorKind::Invalid, "too many pictures in one question: at most " +
                                        std::to_string(kMaxInputs) + " are taken");
  }
  std::vector<Digest> inputs;
  for (const std::string& raw : request.digests()) {
    const auto digest = Digest::from_raw(raw);
    if (!digest) return fail(ErrorKind::Invalid, "a picture's digest is not 32 bytes long");
    inputs.push_back(*digest);
  }
  return calls_.ask([&](const core::Core& core, Now) {
    v1::LackingInputsReply reply;
    for (const Digest& input : core.lacking_inputs(inputs)) reply.add_digests(input.raw());
    return reply;
  });
}

v1::StatusReply ClientDesk::status(const v1::GetStatus& request) {
  const auto jobs = at_most(request.jobs(), kStatusJobsByDefault, kMaxJobs);
  auto reply = calls_.peek([&](const core::Core& core, Now now) {
    v1::StatusReply live;
    const auto numbers = core.numbers(now);
    live.set_epoch(core.epoch().value);
    live.set_uptime_s(to_seconds(now.instant - facts_.started_at));
    live.set_workers_connected(numbers.workers_connected);
    live.set_workers_known(numbers.workers_known);
    live.set_jobs_active(numbers.jobs_active);
    live.set_cells_pending(numbers.cells_pending);
    live.set_cells_running(numbers.cells_running);
    live.set_cells_per_second(numbers.cells_per_second);
    for (const JobId job : core.jobs(jobs, {})) *live.add_jobs() = core.job_view(job, now);
    return live;
  });
  reply.set_version(kVersion);
  reply.set_blob_endpoint(facts_.blob_endpoint);
  reply.set_frames_dropped(traffic_.dropped());
  reply.set_data_folder(facts_.data_folder.string());
  return reply;
}

}  // namespace furrow::net
