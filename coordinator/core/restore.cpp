#include "coordinator/core/restore.h"

#include <utility>

namespace furrow::core {

namespace {

void restore_worker(State& state, RestoredWorker&& restored) {
  Worker worker{.key = restored.key,
                .uuid = std::move(restored.uuid),
                .name = std::move(restored.name),
                .version = std::move(restored.version),
                .capabilities = {},
                .abilities = scheduler::abilities_of(restored.capabilities),
                .done = restored.done,
                .failed = restored.failed,
                .last_seen = restored.last_seen,
                .session = {}};
  worker.capabilities = std::move(restored.capabilities);
  state.roster.restore(std::move(worker));
}

void restore_lease(State& state, const Job& job, const TouchedCell& leased, Now now) {
  const CellKey key{job.facts.id, leased.cell};
  const Digest hash = job.grid()->recipe_hash(leased.cell.value);
  state.in_flight.emplace(HashPrefix::of(hash), key);
  state.leases.grant(key, {.attempt = leased.attempt,
                           .worker = leased.worker,
                           .session = {},
                           .recipe_hash = hash,
                           .granted = now.instant,
                           .grace_until = now.instant + state.settings.restart_grace,
                           .last_progress = now.instant,
                           .from_last_life = true});
}

void restore_job(State& state, RestoredJob&& restored, Now now) {
  JobFacts facts{.id = restored.id,
                 .name = std::move(restored.name),
                 .owner = std::move(restored.owner),
                 .priority = restored.priority,
                 .client_token = std::move(restored.client_token),
                 .created_at = restored.created_at,
                 .finished_at = restored.finished_at,
                 .state = restored.state,
                 .render_seconds = restored.render_seconds};
  state.job_of_name[facts.name] = facts.id;
  if (!facts.client_token.empty()) state.job_of_token[facts.client_token] = facts.id;
  const JobId id = facts.id;
  Job& job = state.jobs.emplace(id, Job(std::move(facts), restored.counts)).first->second;
  if (!restored.cells.grid) return;
  for (const TouchedCell& leased : job.load(restored.cells, false)) {
    restore_lease(state, job, leased, now);
  }
  if (job.has_work()) state.turns.insert({job.facts.priority, id});
}

}  // namespace

State restore(Settings settings, Restored restored, Now now) {
  State state;
  state.settings = std::move(settings);
  state.epoch = restored.epoch;
  for (RestoredWorker& worker : restored.workers) restore_worker(state, std::move(worker));
  for (v1::ModelOnDisk& model : restored.models) {
    const auto hash = Digest::from_raw(model.model().hash());
    if (hash) state.models[*hash] = std::move(model);
  }
  state.renders.reserve(restored.renders.size());
  for (const RestoredRender& render : restored.renders) {
    state.renders.add({render.hash_prefix}, render.cell);
  }
  for (const RestoredInput& input : restored.inputs) {
    state.inputs.keep(input.input, {input.bytes, input.stored_at, input.is_artifact});
  }
  for (const Digest& input : restored.named_inputs) state.inputs.name(input);
  for (RestoredJob& job : restored.jobs) restore_job(state, std::move(job), now);
  return state;
}

}  // namespace furrow::core
