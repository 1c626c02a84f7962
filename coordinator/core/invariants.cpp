#include <map>

#include "common/base/check.h"
#include "coordinator/core/core_impl.h"

namespace furrow::core {

namespace {

void check_counts(const Job& job) {
  const Counts& counts = job.counts();
  FURROW_CHECK(counts.live() + counts.terminal() == counts.total, "the counts add up");
  FURROW_CHECK(job.facts.state == job_state(counts), "the state follows from the counts");
  if (!job.is_loaded()) return;

  Counts recount{.total = counts.total};
  std::vector<std::uint64_t> pending(job.lanes().size(), 0);
  for (std::uint64_t i = 0; i < counts.total; ++i) {
    switch (job.status(CellIndex{i})) {
      case CellStatus::Untouched:
      case CellStatus::Pending:
        ++recount.pending;
        ++pending[job.lane_of(CellIndex{i})];
        break;
      case CellStatus::Leased:
        ++recount.running;
        break;
      case CellStatus::Done:
        ++recount.done;
        break;
      case CellStatus::Cached:
        ++recount.cached;
        break;
      case CellStatus::Failed:
        ++recount.failed;
        break;
      case CellStatus::Cancelled:
        ++recount.cancelled;
        break;
    }
  }
  FURROW_CHECK(recount == counts, "the counts are the sum over the cells");
  for (std::size_t lane = 0; lane < pending.size(); ++lane) {
    FURROW_CHECK(pending[lane] == job.lanes()[lane].pending, "a lane's pending is its cells' sum");
  }
}

void check_leases(const State& state) {
  std::map<JobId, std::uint64_t> of_job;
  std::map<SessionId, std::uint32_t> of_session;
  for (const auto& [cell, lease] : state.leases) {
    const Job* job = state.find_job(cell.job);
    FURROW_CHECK(job && job->is_loaded() && job->contains(cell.cell), "a lease is of a cell");
    FURROW_CHECK(job->status(cell.cell) == CellStatus::Leased, "a cell with a lease is leased");
    FURROW_CHECK(lease.attempt > 0, "attempts count from 1");
    ++of_job[cell.job];
    if (lease.session.value == 0) continue;
    const Session* session = state.roster.find_session(lease.session);
    FURROW_CHECK(session && session->worker == lease.worker, "a held lease is its worker's");
    ++of_session[lease.session];
  }
  for (const auto& [id, job] : state.jobs) {
    FURROW_CHECK(job.counts().running == of_job[id], "each leased cell has its one lease");
  }
  for (const auto& [id, session] : state.roster.sessions()) {
    FURROW_CHECK(session.held == of_session[id], "a session's leases are counted");
    FURROW_CHECK(session.held <= session.bound, "no more leases than credits");
    const Worker* worker = state.roster.find_worker(session.worker);
    FURROW_CHECK(worker && worker->session == id, "worker and session know each other");
    FURROW_CHECK(session.free_credits() == 0 || state.hungry.contains(id) || state.backlog,
                 "a session with free credits waits for work");
  }
}

void check_followers(const State& state) {
  for (const auto& [recipe, cell] : state.in_flight) {
    const Lease* lease = state.leases.find(cell);
    FURROW_CHECK(lease && HashPrefix::of(lease->recipe_hash) == recipe,
                 "a recipe in flight is a leased cell's");
  }
  for (const auto& [leader, followers] : state.followers) {
    FURROW_CHECK(state.leases.find(leader), "cells wait for a cell that is leased");
  }
}

/// Some cell could be leased now: one that was never touched, or one that is due again.
bool has_cell_to_pick(const Job& job) {
  if (!job.is_loaded()) return false;
  for (std::uint64_t i = 0; i < job.counts().total; ++i) {
    if (job.status(CellIndex{i}) == CellStatus::Untouched) return true;
  }
  for (const Lane& lane : job.lanes()) {
    for (const CellIndex cell : lane.ready) {
      if (job.status(cell) == CellStatus::Pending) return true;
    }
  }
  return false;
}

/// A cell that could be leased is never forgotten.
void check_turns(const State& state) {
  for (const auto& [id, job] : state.jobs) {
    if (has_cell_to_pick(job)) {
      FURROW_CHECK(state.turns.contains({job.facts.priority, id}), "a job with work has its turn");
    }
  }
}

}  // namespace

void Core::check_invariants() const {
  const State& state = impl_->state;
  for (const auto& [id, job] : state.jobs) check_counts(job);
  check_leases(state);
  check_followers(state);
  check_turns(state);
}

}  // namespace furrow::core
