#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "coordinator/core/core_impl.h"
#include "coordinator/core/step.h"

namespace furrow::core {

namespace {

/// The versions of the worker protocol that this coordinator speaks.
constexpr std::uint32_t kProtocolMin = 1;
constexpr std::uint32_t kProtocolMax = 1;

void refuse(Step& step, SessionId session, std::string reason) {
  step.send(session).mutable_refusal()->set_reason(std::move(reason));
  step.effects.close.push_back(session);
}

void heard(Step& step, Session& session) {
  session.last_heard = step.now.instant;
  step.state.roster.worker(session.worker).last_seen = step.now.unix;
}

/// Takes in what a worker says of itself; written only when it differs from what is known.
void describe(Step& step, Worker& worker, std::string_view name, std::string_view version,
              v1::Capabilities capabilities) {
  const std::string serialized = capabilities.SerializeAsString();
  const bool same = worker.name == name && worker.version == version &&
                    worker.capabilities.SerializeAsString() == serialized;
  worker.name = name;
  worker.version = version;
  worker.capabilities = std::move(capabilities);
  worker.abilities = scheduler::abilities_of(worker.capabilities);
  if (same) return;
  step.effects.store.push_back(
      SaveWorker{worker.key, worker.uuid, worker.name, worker.version, serialized, step.now.unix});
  for (const v1::ModelOnDisk& model : worker.capabilities.models()) {
    const auto hash = Digest::from_raw(model.model().hash());
    if (!hash) continue;
    v1::ModelOnDisk& known = step.state.models[*hash];
    if (known.SerializeAsString() == model.SerializeAsString()) continue;
    known = model;
    step.effects.store.push_back(SaveModel{*hash, model.SerializeAsString()});
  }
}

/// A lease of a gone worker that it brings back: the same attempt goes on under this life's epoch.
bool adopt(Step& step, Session& session, CellKey cell, std::uint32_t attempt) {
  Lease* lease = step.state.leases.find(cell);
  const bool is_its_own = lease && lease->attempt == attempt && lease->worker == session.worker &&
                          lease->session.value == 0;
  if (!is_its_own) return false;
  lease->session = session.id;
  lease->from_last_life = false;
  lease->last_progress = step.now.instant;
  ++session.held;
  return true;
}

/// A finished picture may always be delivered while its cell still wants one.
bool is_wanted(const State& state, CellKey cell, const v1::HeldAttempt& held) {
  const Job* job = state.find_job(cell.job);
  return held.finished() && job && job->contains(cell.cell) && !job->is_settled(cell.cell);
}

void adopt_held(Step& step, Session& session, const v1::Hello& hello, v1::Welcome& welcome) {
  for (const v1::HeldAttempt& held : hello.held()) {
    const v1::Token& token = held.token();
    const CellKey cell{JobId{token.job()}, CellIndex{token.cell()}};
    if (adopt(step, session, cell, token.attempt()) || is_wanted(step.state, cell, held)) {
      *welcome.add_adopted() = step.token(cell, token.attempt());
    } else {
      *welcome.add_dropped() = token;
    }
  }
}

/// Leases that the worker had and did not bring back are lost.
void lose_unreturned(Step& step, const Worker& worker) {
  std::vector<CellKey> unreturned;
  for (const auto& [cell, lease] : step.state.leases) {
    if (lease.worker == worker.key && lease.session.value == 0) unreturned.push_back(cell);
  }
  for (const CellKey& cell : unreturned) {
    step.lose(step.state.jobs.at(cell.job), cell.cell, true,
              fmt::format("{} came back without it", worker.name));
  }
}

void close_session(Step& step, SessionId id, Duration grace) {
  step.orphan_leases(id, step.now.instant + grace);
  step.state.hungry.erase(id);
  step.state.roster.close(id);
  // Whoever was turned away for its sake is asked again.
  for (auto& [other, session] : step.state.roster.sessions()) {
    for (auto& [job, known] : session.jobs) known.fits.clear();
  }
}

std::uint32_t bounded_credits(const State& state, std::uint32_t credits) {
  return std::min(credits, state.settings.max_credits);
}

}  // namespace

Effects Core::on_worker_hello(SessionId id, const v1::Hello& hello, Now now) {
  State& state = impl_->state;
  Step step(state, now);
  if (hello.protocol_min() > kProtocolMax || hello.protocol_max() < kProtocolMin) {
    refuse(step, id,
           fmt::format("This coordinator speaks the worker protocol {} to {}, the worker {} to {}. "
                       "Install the same release of furrow on both.",
                       kProtocolMin, kProtocolMax, hello.protocol_min(), hello.protocol_max()));
    return step.finish();
  }
  if (hello.worker().empty()) {
    refuse(step, id, "The worker does not say who it is: its identity is missing from Hello.");
    return step.finish();
  }

  Worker& worker = state.roster.enrol(hello.worker());
  if (const Session* same = state.roster.find_session(id); same && same->worker != worker.key) {
    state.roster.worker(same->worker).last_seen = now.unix;
    close_session(step, id, state.settings.return_grace);
  }
  if (worker.session) {
    const SessionId former = *worker.session;
    if (former != id) refuse(step, former, "The same worker has connected again.");
    close_session(step, former, state.settings.return_grace);
  }

  v1::Capabilities capabilities;
  *capabilities.mutable_devices() = hello.devices();
  *capabilities.mutable_models() = hello.models();
  worker.last_seen = now.unix;
  describe(step, worker, hello.name(), hello.version(), std::move(capabilities));
  Session& session = state.roster.open(id, worker);
  session.credits = bounded_credits(state, hello.credits());
  session.last_heard = session.last_moved = now.instant;

  v1::Welcome& welcome = *step.send(id).mutable_welcome();
  welcome.set_protocol(std::min(kProtocolMax, hello.protocol_max()));
  welcome.set_epoch(state.epoch.value);
  welcome.set_blob_endpoint(state.settings.blob_endpoint);
  const auto heartbeat =
      std::chrono::duration_cast<std::chrono::milliseconds>(state.settings.heartbeat);
  welcome.set_heartbeat_ms(static_cast<std::uint32_t>(heartbeat.count()));
  adopt_held(step, session, hello, welcome);
  session.bound = std::max(session.credits, session.held);
  lose_unreturned(step, worker);
  step.note("worker.joined", {}, worker.key, worker.name);
  step.touch_views_of_live_jobs();
  step.serve(session);
  return step.finish();
}

Effects Core::on_worker_gone(SessionId id, GoneReason reason, Now now) {
  State& state = impl_->state;
  Step step(state, now);
  const Session* session = state.roster.find_session(id);
  if (!session) return {};
  Worker& worker = state.roster.worker(session->worker);
  const char* why = reason == GoneReason::Silent         ? "nothing heard of it"
                    : reason == GoneReason::Disconnected ? "its connection ended"
                                                         : "it sent what cannot be read";
  step.note("worker.gone", {}, worker.key, fmt::format("{}: {}", worker.name, why));
  step.touch(worker);
  step.touch_views_of_live_jobs();
  close_session(step, id, state.settings.return_grace);
  step.effects.close.push_back(id);
  return step.finish();
}

Effects Core::on_goodbye(SessionId id, const v1::Goodbye& goodbye, Now now) {
  State& state = impl_->state;
  Step step(state, now);
  const Session* session = state.roster.find_session(id);
  if (!session) return {};
  Worker& worker = state.roster.worker(session->worker);
  worker.last_seen = now.unix;
  std::vector<CellKey> held;
  for (const auto& [cell, lease] : state.leases) {
    if (lease.session == id) held.push_back(cell);
  }
  close_session(step, id, {});
  for (const CellKey& cell : held) {
    step.lose(state.jobs.at(cell.job), cell.cell, false,
              fmt::format("{} was stopped", worker.name));
  }
  step.note("worker.left", {}, worker.key, fmt::format("{}: {}", worker.name, goodbye.reason()));
  step.touch_views_of_live_jobs();
  step.touch(worker);
  step.effects.close.push_back(id);
  return step.finish();
}

Effects Core::on_capabilities(SessionId id, const v1::Capabilities& capabilities, Now now) {
  State& state = impl_->state;
  Step step(state, now);
  Session* session = state.roster.find_session(id);
  if (!session) return {};
  heard(step, *session);
  Worker& worker = state.roster.worker(session->worker);
  v1::Capabilities lasting = capabilities;
  lasting.clear_credits();
  describe(step, worker, std::string(worker.name), std::string(worker.version), std::move(lasting));
  session->credits = bounded_credits(state, capabilities.credits());
  session->bound = std::max(session->credits, session->held);
  for (auto& [job, known] : session->jobs) known.fits.clear();
  step.touch_views_of_live_jobs();
  step.serve(*session);
  return step.finish();
}

Effects Core::on_heartbeat(SessionId id, const v1::Heartbeat&, Now now) {
  Step step(impl_->state, now);
  Session* session = impl_->state.roster.find_session(id);
  if (!session) return {};
  heard(step, *session);
  step.send(id).mutable_heartbeat();
  return step.finish();
}

Effects Core::on_plan_requested(SessionId id, const v1::PlanRequest& request, Now now) {
  Step step(impl_->state, now);
  Session* session = impl_->state.roster.find_session(id);
  if (!session) return {};
  heard(step, *session);
  const Job* job = impl_->state.find_job(JobId{request.job()});
  if (!job || !job->is_loaded()) return step.finish();
  v1::PlanDefinition& plan = *step.send(id).mutable_plan();
  plan.set_job(request.job());
  plan.set_name(job->facts.name);
  *plan.mutable_plan() = job->grid()->plan();
  return step.finish();
}

}  // namespace furrow::core
