#include <utility>

#include "coordinator/core/core_impl.h"
#include "coordinator/core/step.h"

namespace furrow::core {

namespace {

CellKey cell_of(const v1::Token& token) {
  return {JobId{token.job()}, CellIndex{token.cell()}};
}

/// Decides what one picture is worth, and takes it if it counts:
///
///   no such job, cell or attempt        UNKNOWN
///   the cell is over                    DUPLICATE   dropped quietly, whoever it came from
///   another recipe than the cell's      MISMATCH    the attempt has failed
///   from the lease of the cell          ACCEPTED
///   from an older attempt               SALVAGED    a newer attempt is called off
v1::ResultOutcome judge_result(Step& step, const Session& session,
                               const v1::RenderedCell& rendered) {
  State& state = step.state;
  const CellKey key = cell_of(rendered.token());
  Job* job = state.find_job(key.job);
  if (!job || !job->contains(key.cell)) return v1::RESULT_OUTCOME_UNKNOWN;
  if (job->is_settled(key.cell)) return v1::RESULT_OUTCOME_DUPLICATE;

  const Lease* lease = state.leases.find(key);
  const std::uint32_t attempt = rendered.token().attempt();
  const auto leased = lease ? std::optional(lease->attempt) : std::nullopt;
  if (attempt == 0 || attempt > job->newest_attempt(key.cell, leased)) {
    return v1::RESULT_OUTCOME_UNKNOWN;
  }
  const Digest hash = lease ? lease->recipe_hash : job->grid()->recipe_hash(key.cell.value);
  const bool is_current = lease && lease->attempt == attempt && lease->worker == session.worker;
  if (Digest::from_raw(rendered.recipe_hash()) != hash) {
    if (is_current) {
      step.fail_attempt(*job, key.cell,
                        {.failure_class = v1::FAILURE_CLASS_INTERNAL,
                         .detail = "The worker returned the picture of another recipe.",
                         .log_tail = {}});
    }
    return v1::RESULT_OUTCOME_MISMATCH;
  }
  if (lease && !is_current && lease->session.value != 0) {
    step.revoke(lease->session, key, lease->attempt, "an earlier attempt has finished");
  }
  step.complete(*job, key.cell, rendered, state.roster.worker(session.worker), hash);
  return is_current ? v1::RESULT_OUTCOME_ACCEPTED : v1::RESULT_OUTCOME_SALVAGED;
}

}  // namespace

Effects Core::on_cells_rendered(SessionId id, const v1::CellsRendered& rendered, Now now) {
  State& state = impl_->state;
  Step step(state, now);
  Session* session = state.roster.find_session(id);
  if (!session) return {};
  session->last_heard = session->last_moved = now.instant;
  state.roster.worker(session->worker).last_seen = now.unix;
  v1::ResultAcknowledged acknowledged;
  for (const v1::RenderedCell& cell : rendered.cells()) {
    const v1::ResultOutcome outcome = judge_result(step, *session, cell);
    *acknowledged.add_tokens() = cell.token();
    acknowledged.add_outcomes(outcome);
  }
  *step.send(id).mutable_acknowledged() = std::move(acknowledged);
  step.serve(*session);
  return step.finish();
}

Effects Core::on_attempt_failed(SessionId id, const v1::AttemptFailed& failed, Now now) {
  State& state = impl_->state;
  Step step(state, now);
  Session* session = state.roster.find_session(id);
  if (!session) return {};
  session->last_heard = session->last_moved = now.instant;
  const CellKey key = cell_of(failed.token());
  const Lease* lease = state.leases.find(key);
  const bool is_current =
      lease && lease->attempt == failed.token().attempt() && lease->worker == session->worker;
  if (is_current) {
    if (failed.class_() == v1::FAILURE_CLASS_REJECTED) {
      turn_away(step, *session, state.jobs.at(key.job), key.cell);
    }
    step.fail_attempt(state.jobs.at(key.job), key.cell,
                      {.failure_class = failed.class_(),
                       .detail = failed.detail(),
                       .log_tail = failed.log_tail(),
                       .shared = failed.shared()});
  }
  step.serve(*session);
  return step.finish();
}

Effects Core::on_progress(SessionId id, const v1::Progress& progress, Now now) {
  State& state = impl_->state;
  Session* session = state.roster.find_session(id);
  if (!session) return {};
  session->last_heard = now.instant;
  Lease* lease = state.leases.find(cell_of(progress.token()));
  if (lease && lease->session == id && lease->attempt == progress.token().attempt() &&
      lease->advance(progress, now.instant)) {
    session->last_moved = now.instant;
  }
  return {};
}

}  // namespace furrow::core
