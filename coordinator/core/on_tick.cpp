#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "coordinator/core/core_impl.h"
#include "coordinator/core/step.h"

namespace furrow::core {

namespace {

/// When a held lease is given up. What moves it on is progress: a worker that only says it is alive
/// keeps nothing. A cell that has not started waits its turn behind others, so any movement of its
/// worker counts for it.
Instant deadline(const Lease& lease, const Session& session, const Settings& settings) {
  switch (lease.phase) {
    case v1::PHASE_DENOISING: {
      if (lease.step >= lease.steps) return lease.last_progress + settings.finish_allowance;
      if (lease.step_seconds == 0) return lease.last_progress + settings.load_allowance;
      const std::chrono::duration<double> usual(settings.step_timeout_factor * lease.step_seconds);
      return lease.last_progress +
             std::max(settings.min_step_timeout, std::chrono::duration_cast<Duration>(usual));
    }
    case v1::PHASE_DECODING:
      return lease.last_progress + settings.finish_allowance;
    case v1::PHASE_ENCODING:
    case v1::PHASE_LOADING:
      return lease.last_progress + settings.load_allowance;
    default:
      return std::max(lease.granted, session.last_moved) + settings.load_allowance;
  }
}

void expire_leases(Step& step) {
  const State& state = step.state;
  std::vector<CellKey> expired;
  for (const auto& [cell, lease] : state.leases) {
    const Session* session = state.roster.find_session(lease.session);
    const Instant until = session ? deadline(lease, *session, state.settings) : lease.grace_until;
    if (until <= step.now.instant) expired.push_back(cell);
  }
  for (const CellKey& cell : expired) {
    Job& job = step.state.jobs.at(cell.job);
    const Lease lease = *state.leases.find(cell);
    if (lease.session.value == 0) {
      const std::string worker = state.roster.find_worker(lease.worker)
                                     ? state.roster.find_worker(lease.worker)->name
                                     : "its worker";
      step.lose(job, cell.cell, true, fmt::format("{} went away and did not come back", worker));
      continue;
    }
    step.revoke(lease.session, cell, lease.attempt, "no progress");
    const double silent_s = to_seconds(step.now.instant - lease.last_progress);
    step.fail_attempt(job, cell.cell,
                      {.failure_class = v1::FAILURE_CLASS_TIMEOUT,
                       .detail = fmt::format("No progress for {:.0f} s at step {} of {}.", silent_s,
                                             lease.step, lease.steps),
                       .log_tail = {}});
  }
}

void wake_delayed(Step& step) {
  auto& delayed = step.state.delayed;
  while (!delayed.empty() && delayed.top().due <= step.now.instant) {
    const CellKey cell = delayed.top().cell;
    delayed.pop();
    Job& job = step.state.jobs.at(cell.job);
    if (job.is_waiting(cell.cell)) step.make_ready(job, cell.cell);
  }
}

/// A retry reads the cells of such a job from the database, where they must be by then.
void unload_jobs_over(State& state, Instant now) {
  auto& over = state.over;
  for (; !over.empty() && now - over.front().since >= state.settings.keep_over; over.pop_front()) {
    Job& job = state.jobs.at(over.front().job);
    if (is_terminal(job.facts.state) && job.is_loaded()) job.unload();
  }
}

}  // namespace

Effects Core::on_tick(Now now) {
  State& state = impl_->state;
  state.backlog = false;
  std::vector<SessionId> silent;
  for (const auto& [id, session] : state.roster.sessions()) {
    if (now.instant - session.last_heard >= state.settings.silent_after) silent.push_back(id);
  }
  Effects effects;
  for (const SessionId id : silent) {
    Effects gone = on_worker_gone(id, GoneReason::Silent, now);
    std::move(gone.store.begin(), gone.store.end(), std::back_inserter(effects.store));
    std::move(gone.close.begin(), gone.close.end(), std::back_inserter(effects.close));
  }
  Step step(state, now);
  step.effects = std::move(effects);
  expire_leases(step);
  wake_delayed(step);
  unload_jobs_over(state, now.instant);
  fill_hungry(step);
  return step.finish();
}

bool Core::has_backlog() const {
  return impl_->state.backlog;
}

}  // namespace furrow::core
