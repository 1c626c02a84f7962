#include "coordinator/core/step.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "common/base/check.h"

namespace furrow::core {

namespace {

constexpr std::uint32_t kWireVersion = 1;

/// [0, 1), the same for the same try: spreads waits without a generator.
double jitter_of(CellKey cell, std::uint32_t attempt) {
  const std::size_t mixed = std::hash<CellKey>{}(cell)*31 + attempt;
  return static_cast<double>((mixed * 0x9E3779B97F4A7C15ULL) >> 40) / static_cast<double>(1 << 24);
}

/// A worker's word for a time: whatever it sent, a number that can be added up.
double seconds_of(double claimed) {
  return std::isfinite(claimed) && claimed > 0 ? claimed : 0;
}

}  // namespace

Effects Step::finish() {
  for (const SessionId id : freed_) {
    if (Session* session = state.roster.find_session(id)) fill(*this, *session);
  }
  if (work_arrived_) fill_hungry(*this);
  for (const JobId id : touched_jobs_) save_job(state.jobs.at(id));
  for (const WorkerKey key : touched_workers_) {
    const Worker& worker = state.roster.worker(key);
    effects.store.push_back(SaveWorkerRecord{key, worker.done, worker.failed, worker.last_seen});
  }
  return std::move(effects);
}

void Step::save_job(Job& job) {
  const v1::JobState before = job.facts.state;
  const v1::JobState after = job_state(job.counts());
  job.facts.state = after;
  if (is_terminal(after) != is_terminal(before)) {
    job.facts.finished_at = is_terminal(after) ? now.unix : UnixMillis{};
  }
  if (after != before && is_terminal(after)) {
    const Counts& counts = job.counts();
    note("job.finished", job.facts.id, {},
         fmt::format("{} done, {} cached, {} failed, {} cancelled of {} cells", counts.done,
                     counts.cached, counts.failed, counts.cancelled, counts.total));
    for (auto& [session, known] : state.roster.sessions()) known.jobs.erase(job.facts.id);
    state.over.push_back({now.instant, job.facts.id});
  }
  effects.store.push_back(
      SaveJob{job.facts.id, after, job.counts(), job.facts.render_seconds, job.facts.finished_at});
  ++job.facts.generation;
}

v1::ToWorker& Step::send(SessionId session) {
  ToSession& out = effects.send.emplace_back();
  out.session = session;
  out.message.set_version(kWireVersion);
  out.message.set_epoch(state.epoch.value);
  return out.message;
}

v1::Token Step::token(CellKey cell, std::uint32_t attempt) const {
  v1::Token token;
  token.set_job(cell.job.value);
  token.set_cell(cell.cell.value);
  token.set_attempt(attempt);
  token.set_epoch(state.epoch.value);
  return token;
}

void Step::revoke(SessionId session, CellKey cell, std::uint32_t attempt, std::string_view reason) {
  const auto [it, is_new] = revocations_.try_emplace(session, effects.send.size());
  if (is_new) send(session).mutable_revoked()->set_reason(std::string(reason));
  *effects.send[it->second].message.mutable_revoked()->add_tokens() = token(cell, attempt);
}

void Step::touch_views_of_live_jobs() {
  for (auto& [id, job] : state.jobs) {
    if (!is_terminal(job.facts.state)) ++job.facts.generation;
  }
}

void Step::note(std::string_view kind, JobId job, WorkerKey worker, std::string text) {
  effects.store.push_back(RecordEvent{now.unix, std::string(kind), job, worker, std::move(text)});
}

void Step::make_ready(Job& job, CellIndex cell) {
  job.make_ready(cell);
  expect_work(job);
}

void Step::expect_work(const Job& job) {
  state.turns.insert({job.facts.priority, job.facts.id});
  work_arrived_ = true;
}

Lease& Step::grant(Job& job, CellIndex cell, Session& session, const Digest& recipe_hash) {
  Trouble* trouble = job.find_trouble(cell);
  const std::uint32_t attempt = trouble ? ++trouble->attempt : 1;
  job.move(cell, CellStatus::Leased);
  touch(job);
  job.rate.begin(now.instant);
  state.rate.begin(now.instant);
  ++session.held;
  session.last_moved = now.instant;
  const CellKey key{job.facts.id, cell};
  state.in_flight.emplace(HashPrefix::of(recipe_hash), key);
  return state.leases.grant(key, {.attempt = attempt,
                                  .worker = session.worker,
                                  .session = session.id,
                                  .recipe_hash = recipe_hash,
                                  .granted = now.instant,
                                  .grace_until = {},
                                  .last_progress = now.instant});
}

Lease Step::end_lease(Job& job, CellIndex cell) {
  const CellKey key{job.facts.id, cell};
  Lease* lease = state.leases.find(key);
  FURROW_CHECK(lease != nullptr, "only a lease that exists ends");
  const Lease ended = *lease;
  state.leases.drop(key);
  if (Session* session = state.roster.find_session(ended.session)) {
    --session->held;
    session->bound = std::max(session->credits, session->held);
    serve(*session);
  }
  const auto flight = state.in_flight.find(HashPrefix::of(ended.recipe_hash));
  if (flight != state.in_flight.end() && flight->second == key) state.in_flight.erase(flight);
  release_followers(key);
  return ended;
}

void Step::release_followers(CellKey leader) {
  const auto node = state.followers.extract(leader);
  if (node.empty()) return;
  for (const CellKey follower : node.mapped()) {
    Job* job = state.find_job(follower.job);
    if (job && job->is_waiting(follower.cell)) make_ready(*job, follower.cell);
  }
}

void Step::cache_followers(CellKey leader, const Digest& recipe_hash) {
  const auto node = state.followers.extract(leader);
  if (node.empty()) return;
  for (const CellKey follower : node.mapped()) {
    Job* job = state.find_job(follower.job);
    if (job && job->is_waiting(follower.cell)) {
      cache(*job, follower.cell, recipe_hash, leader);
    }
  }
}

/// An input that comes out of a cell as well stays, whoever names it.
void Step::keep_as_artifact(const Digest& artifact) {
  KeptInput* input = state.inputs.find(artifact);
  if (input == nullptr || input->is_artifact) return;
  input->is_artifact = true;
  effects.store.push_back(SaveInput{artifact, input->bytes, input->stored_at, true});
}

void Step::complete(Job& job, CellIndex cell, const v1::RenderedCell& rendered, Worker& worker,
                    const Digest& recipe_hash) {
  const CellKey key{job.facts.id, cell};
  const auto artifact = Digest::from_raw(rendered.artifact());
  const v1::Timing& timing = rendered.timing();
  effects.store.push_back(CompleteCell{.cell = key,
                                       .attempt = rendered.token().attempt(),
                                       .worker = worker.key,
                                       .recipe_hash = recipe_hash,
                                       .artifact = artifact,
                                       .artifact_bytes = rendered.artifact_bytes(),
                                       .load_s = seconds_of(timing.load()),
                                       .encode_s = seconds_of(timing.encode()),
                                       .denoise_s = seconds_of(timing.denoise()),
                                       .decode_s = seconds_of(timing.decode()),
                                       .save_s = seconds_of(timing.save()),
                                       .total_s = seconds_of(timing.total()),
                                       .finished_at = now.unix});
  if (artifact) {
    keep_as_artifact(*artifact);
    state.renders.add(HashPrefix::of(recipe_hash), key);
    cache_followers(key, recipe_hash);
  }
  if (state.leases.find(key)) end_lease(job, cell);
  job.move(cell, CellStatus::Done);
  job.forget_trouble(cell);
  job.facts.render_seconds += seconds_of(timing.total());
  job.rate.add(1, now.instant);
  state.rate.add(1, now.instant);
  ++worker.done;
  touch(job);
  touch(worker);
}

void Step::cache(Job& job, CellIndex cell, const Digest& recipe_hash, CellKey source) {
  job.move(cell, CellStatus::Cached);
  job.forget_trouble(cell);
  touch(job);
  effects.store.push_back(CacheCell{{job.facts.id, cell}, recipe_hash, source, now.unix});
}

void Step::fail_attempt(Job& job, CellIndex cell, FailedTry failed) {
  const Lease lease = end_lease(job, cell);
  Trouble& trouble = job.trouble(cell);
  const double jitter = jitter_of({job.facts.id, cell}, lease.attempt);
  const Verdict verdict = judge(failed.failure_class, failed.shared, trouble.failures, jitter);
  std::string error = failed.detail;
  if (failed.shared) trouble.failures.add_shared();
  if (verdict.charged) {
    trouble.failures.add(failed.failure_class);
    Worker& worker = state.roster.worker(lease.worker);
    ++worker.failed;
    touch(worker);
  }
  record(job, cell, lease, std::move(failed), verdict.charged);
  if (verdict.retry) {
    requeue(job, cell, lease, verdict);
  } else {
    trouble.attempt = lease.attempt;
    fail_cell(job, cell, std::move(error));
  }
}

void Step::lose(Job& job, CellIndex cell, bool blame, std::string detail) {
  const Lease lease = end_lease(job, cell);
  Trouble& trouble = job.trouble(cell);
  const bool counts = blame && lease.is_started() && !lease.from_last_life;
  if (counts) {
    ++trouble.vanished;
    ++state.roster.worker(lease.worker).failed;
    touch(state.roster.worker(lease.worker));
  }
  record(job, cell, lease,
         {.failure_class = v1::FAILURE_CLASS_LOST, .detail = std::move(detail), .log_tail = {}},
         false);
  if (trouble.vanished < kMaxVanished) {
    requeue(job, cell, lease, {.charged = false, .retry = true, .elsewhere = counts});
  } else {
    trouble.attempt = lease.attempt;
    fail_cell(job, cell,
              fmt::format("{} workers went away while they rendered it", trouble.vanished));
  }
}

void Step::record(Job& job, CellIndex cell, const Lease& lease, FailedTry failed, bool charged) {
  effects.store.push_back(RecordAttempt{.cell = {job.facts.id, cell},
                                        .attempt = lease.attempt,
                                        .worker = lease.worker,
                                        .failure_class = failed.failure_class,
                                        .charged = charged,
                                        .detail = std::move(failed.detail),
                                        .log_tail = std::move(failed.log_tail),
                                        .ended_at = now.unix});
}

void Step::requeue(Job& job, CellIndex cell, const Lease& lease, const Verdict& verdict) {
  const CellKey key{job.facts.id, cell};
  Trouble& trouble = job.trouble(cell);
  trouble.attempt = lease.attempt;
  if (verdict.elsewhere) {
    if (std::find(trouble.avoid.begin(), trouble.avoid.end(), lease.worker) ==
        trouble.avoid.end()) {
      trouble.avoid.push_back(lease.worker);
    }
    trouble.elsewhere_until = now.instant + state.settings.elsewhere_patience;
  }
  job.move(cell, CellStatus::Pending);
  touch(job);
  effects.store.push_back(RequeueCell{key});
  if (verdict.wait > Duration::zero()) {
    state.delayed.push({now.instant + verdict.wait, key});
  } else {
    make_ready(job, cell);
  }
}

void Step::fail_cell(Job& job, CellIndex cell, std::string error) {
  job.move(cell, CellStatus::Failed);
  touch(job);
  effects.store.push_back(FailCell{{job.facts.id, cell}, std::move(error), now.unix});
}

void Step::orphan_leases(SessionId session, Instant grace_until) {
  for (auto& [cell, lease] : state.leases) {
    if (lease.session != session) continue;
    lease.session = SessionId{};
    lease.grace_until = grace_until;
  }
}

}  // namespace furrow::core
