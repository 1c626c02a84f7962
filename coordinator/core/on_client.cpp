#include <utility>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/spec/inputs.h"
#include "coordinator/core/core_impl.h"
#include "coordinator/core/step.h"

namespace furrow::core {

namespace {

JobId next_job_id(const State& state) {
  return JobId{state.jobs.empty() ? 1 : state.jobs.rbegin()->first.value + 1};
}

Unexpected no_such_job(JobId id) {
  return fail(ErrorKind::NotFound,
              fmt::format("There is no job {}. List them with: furrow job list", id.value));
}

/// The pictures that a sweep begins with, if all of them are kept; else every fault, one a line.
Result<std::vector<Digest>> kept_inputs(const State& state, const v1::Plan& plan) {
  std::vector<Digest> inputs;
  std::string faults;
  ErrorKind kind = ErrorKind::NotFound;
  for (const v1::PictureRef& picture : spec::inputs_of(plan)) {
    const auto digest = Digest::from_raw(picture.hash());
    if (!digest) {
      kind = ErrorKind::Invalid;
      faults += fmt::format("Picture \"{}\" has no hash. Send its file first.\n", picture.name());
    } else if (!state.inputs.keeps(*digest)) {
      faults += fmt::format(
          "The coordinator does not keep picture \"{}\" ({}). Send it again: "
          "furrow submit does so by itself.\n",
          picture.name(), digest->hex().substr(0, 12));
    } else {
      inputs.push_back(*digest);
    }
  }
  if (faults.empty()) return inputs;
  faults.pop_back();
  return fail(kind, std::move(faults));
}

}  // namespace

Result<Core::Submitted> Core::on_job_submitted(SubmitCommand command, Now now) {
  State& state = impl_->state;
  if (const auto it = state.job_of_token.find(command.client_token);
      !command.client_token.empty() && it != state.job_of_token.end()) {
    return Submitted{it->second, true, {}};
  }
  const std::uint64_t lanes = scheduler::LaneMap::lane_count(*command.grid);
  if (lanes > state.settings.max_lanes) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("The sweep combines models, VAEs and samplers in {} ways, and at most {} "
                    "are taken in one job. Split it by model or sampler.",
                    lanes, state.settings.max_lanes));
  }

  FURROW_TRY(std::vector<Digest> inputs, kept_inputs(state, command.grid->plan()));

  Step step(state, now);
  const JobId id = next_job_id(state);
  for (const Digest& input : inputs) state.inputs.name(input);
  if (command.name.empty()) command.name = fmt::format("job-{}", id.value);
  step.effects.store.push_back(InsertJob{.job = id,
                                         .name = command.name,
                                         .owner = command.owner,
                                         .priority = command.priority,
                                         .client_token = command.client_token,
                                         .created_at = now.unix,
                                         .cells = command.grid->cell_count(),
                                         .spec = std::move(command.spec),
                                         .plan = command.grid->plan().SerializeAsString(),
                                         .inputs = std::move(inputs)});
  step.note("job.submitted", id, {},
            fmt::format("{} with {} cells", command.name, command.grid->cell_count()));
  state.job_of_name[command.name] = id;
  if (!command.client_token.empty()) state.job_of_token[command.client_token] = id;
  JobFacts facts{.id = id,
                 .name = std::move(command.name),
                 .owner = std::move(command.owner),
                 .priority = command.priority,
                 .client_token = std::move(command.client_token),
                 .created_at = now.unix,
                 .finished_at = {}};
  Job& job = state.jobs.emplace(id, Job(std::move(facts), std::move(command.grid))).first->second;
  step.touch(job);
  step.expect_work(job);
  return Submitted{id, false, step.finish()};
}

Result<Effects> Core::on_job_cancelled(JobId id, Now now) {
  State& state = impl_->state;
  Job* job = state.find_job(id);
  if (!job) return no_such_job(id);
  if (job->facts.state == v1::JOB_STATE_CANCELLED) return Effects{};
  if (is_terminal(job->facts.state)) {
    return fail(ErrorKind::Conflict,
                fmt::format("Job {} ({}) is over: nothing of it is left to cancel.", id.value,
                            job->facts.name));
  }

  Step step(state, now);
  std::vector<CellKey> leased;
  for (const auto& [cell, lease] : state.leases) {
    if (cell.job == id) leased.push_back(cell);
  }
  job->cancel();
  for (const CellKey& cell : leased) {
    const Lease lease = step.end_lease(*job, cell.cell);
    if (lease.session.value != 0) step.revoke(lease.session, cell, lease.attempt, "job cancelled");
  }
  state.turns.erase({job->facts.priority, id});
  step.effects.store.push_back(CancelCells{id, now.unix});
  step.note("job.cancelled", id, {}, {});
  step.touch(*job);
  return step.finish();
}

bool Core::needs_cells(JobId id) const {
  const Job* job = impl_->state.find_job(id);
  return job && !job->is_loaded();
}

Result<Effects> Core::on_job_retried(JobId id, std::optional<RestoredCells> cells, Now now) {
  State& state = impl_->state;
  Job* job = state.find_job(id);
  if (!job) return no_such_job(id);
  const Counts& counts = job->counts();
  if (counts.failed + counts.cancelled == 0) {
    return fail(ErrorKind::Conflict, fmt::format("No cell of job {} ({}) failed or was cancelled.",
                                                 id.value, job->facts.name));
  }
  if (!job->is_loaded()) {
    FURROW_CHECK(cells.has_value(), "the cells come along when needs_cells says so");
    job->load(*cells, job->facts.state == v1::JOB_STATE_CANCELLED);
  }

  Step step(state, now);
  step.effects.store.push_back(ReopenCells{id});
  step.note("job.retried", id, {},
            fmt::format("{} failed and {} cancelled cells", job->counts().failed,
                        job->counts().cancelled));
  job->reopen();
  step.touch(*job);
  step.expect_work(*job);
  return step.finish();
}

}  // namespace furrow::core
