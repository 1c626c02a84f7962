#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "common/base/check.h"
#include "coordinator/core/core_impl.h"

namespace furrow::core {

namespace {

const Job& existing(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  FURROW_CHECK(job != nullptr, "the job exists");
  return *job;
}

/// The best that any of the workers, connected or all, can do for a lane; nothing without workers.
std::optional<scheduler::Fit> best_fit(const State& state, const Lane& lane, bool connected_only) {
  std::optional<scheduler::Fit> best;
  for (const auto& [key, worker] : state.roster.workers()) {
    if (connected_only && !worker.session) continue;
    const scheduler::Fit fit = scheduler::fit(lane.needs, worker.abilities);
    if (fit == scheduler::Fit::Fits) return fit;
    if (!best || fit > *best) best = fit;  // the later the check, the nearer it came
  }
  return best;
}

/// Pending cells that no enrolled worker can render. Without any worker nothing is known.
std::uint64_t count_infeasible(const State& state, const Job& job) {
  if (job.counts().pending == 0 || state.roster.workers().empty()) return 0;
  std::uint64_t infeasible = 0;
  for (const Lane& lane : job.lanes()) {
    if (lane.pending == 0) continue;
    if (best_fit(state, lane, false) != scheduler::Fit::Fits) infeasible += lane.pending;
  }
  return infeasible;
}

/// Why nothing of the job runs; empty when something does or nothing is left to run.
std::string waiting_for(const State& state, const Job& job) {
  if (job.counts().running > 0 || job.counts().pending == 0) return {};
  if (state.roster.sessions().empty()) {
    return "No worker is connected. Start one with: furrow-worker start";
  }
  std::string lacking;
  for (const Lane& lane : job.lanes()) {
    if (lane.pending == 0) continue;
    const auto fit = best_fit(state, lane, true);
    if (fit == scheduler::Fit::Fits) {
      return job.has_work() ? "Every worker that can render it is busy."
                            : "Its cells pause before another try, or wait for equal cells.";
    }
    if (lacking.empty() && fit) {
      lacking = fmt::format("No connected worker {}.", scheduler::missing(lane.needs, *fit));
    }
  }
  return lacking;
}

v1::CellCounts view_of(const Counts& counts, std::uint64_t infeasible) {
  v1::CellCounts view;
  view.set_total(counts.total);
  view.set_pending(counts.pending - infeasible);
  view.set_running(counts.running);
  view.set_done(counts.done);
  view.set_cached(counts.cached);
  view.set_failed(counts.failed);
  view.set_cancelled(counts.cancelled);
  view.set_skipped(counts.skipped);
  view.set_infeasible(infeasible);
  return view;
}

/// "rendering 4 cells of job first and 2 of job second", by worker.
std::map<WorkerKey, std::string> doings(const State& state) {
  std::map<WorkerKey, std::map<JobId, std::uint64_t>> cells;
  for (const auto& [cell, lease] : state.leases) {
    if (lease.session.value != 0) ++cells[lease.worker][cell.job];
  }
  std::map<WorkerKey, std::string> sentences;
  for (const auto& [worker, by_job] : cells) {
    std::string& sentence = sentences[worker];
    for (const auto& [job, count] : by_job) {
      const std::string& name = state.jobs.at(job).facts.name;
      sentence += sentence.empty() ? fmt::format("rendering {} {} of job {}", count,
                                                 count == 1 ? "cell" : "cells", name)
                                   : fmt::format(" and {} of job {}", count, name);
    }
  }
  return sentences;
}

}  // namespace

Epoch Core::epoch() const {
  return impl_->state.epoch;
}

std::optional<JobId> Core::resolve(std::string_view selector) const {
  const State& state = impl_->state;
  if (selector == "last") {
    if (state.jobs.empty()) return std::nullopt;
    return state.jobs.rbegin()->first;
  }
  std::uint64_t id = 0;
  const char* end = selector.data() + selector.size();
  const auto [rest, error] = std::from_chars(selector.data(), end, id);
  if (error == std::errc{} && rest == end && exists(JobId{id})) return JobId{id};
  const auto named = state.job_of_name.find(std::string(selector));
  if (named == state.job_of_name.end()) return std::nullopt;
  return named->second;
}

v1::JobView Core::job_view(JobId id, Now now) const {
  const State& state = impl_->state;
  const Job& job = existing(state, id);
  const std::uint64_t infeasible = count_infeasible(state, job);
  v1::JobView view;
  view.set_id(id.value);
  view.set_name(job.facts.name);
  view.set_state(job.facts.state);
  view.set_owner(job.facts.owner);
  view.set_priority(job.facts.priority);
  view.set_created_at_ms(job.facts.created_at.value);
  view.set_finished_at_ms(job.facts.finished_at.value);
  *view.mutable_cells() = view_of(job.counts(), infeasible);
  view.set_render_seconds(job.facts.render_seconds);
  view.set_waiting_for(waiting_for(state, job));
  view.set_eta_s(-1);
  if (is_terminal(job.facts.state)) return view;
  view.set_cells_per_second(job.rate.per_second(now.instant));
  const double rate = job.rate.expected(now.instant);
  const std::uint64_t remaining = job.counts().live() - infeasible;
  if (rate > 0 && job.counts().running > 0) view.set_eta_s(static_cast<double>(remaining) / rate);
  return view;
}

std::shared_ptr<const spec::Grid> Core::grid(JobId id) const {
  return existing(impl_->state, id).grid();
}

std::vector<JobId> Core::jobs(std::size_t limit, const std::vector<v1::JobState>& states) const {
  std::vector<JobId> ids;
  const auto& jobs = impl_->state.jobs;
  for (auto it = jobs.rbegin(); it != jobs.rend() && ids.size() < limit; ++it) {
    const v1::JobState state = it->second.facts.state;
    const bool wanted =
        states.empty() || std::find(states.begin(), states.end(), state) != states.end();
    if (wanted) ids.push_back(it->first);
  }
  return ids;
}

bool Core::exists(JobId id) const {
  return impl_->state.find_job(id) != nullptr;
}

std::uint64_t Core::generation(JobId id) const {
  return existing(impl_->state, id).facts.generation;
}

std::optional<RunningCell> Core::running(CellKey cell) const {
  const Lease* lease = impl_->state.leases.find(cell);
  if (!lease) return std::nullopt;
  return RunningCell{.worker = lease->worker,
                     .worker_name = worker_name(lease->worker),
                     .attempt = lease->attempt,
                     .phase = lease->phase,
                     .step = lease->step,
                     .steps = lease->steps};
}

std::vector<v1::WorkerView> Core::workers(Now now) const {
  const State& state = impl_->state;
  const auto doing = doings(state);
  std::vector<v1::WorkerView> views;
  for (const auto& [key, worker] : state.roster.workers()) {
    v1::WorkerView& view = views.emplace_back();
    view.set_worker(worker.uuid);
    view.set_name(worker.name);
    view.set_version(worker.version);
    *view.mutable_devices() = worker.capabilities.devices();
    *view.mutable_models() = worker.capabilities.models();
    view.set_done(worker.done);
    view.set_failed(worker.failed);
    view.set_last_seen_ms(worker.last_seen.value);
    if (!worker.session) continue;
    const Session& session = *state.roster.find_session(*worker.session);
    const auto silent_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.instant - session.last_heard);
    view.set_last_seen_ms(now.unix.value - silent_ms.count());
    view.set_connected(true);
    view.set_held(session.held);
    view.set_credits(session.credits);
    const auto sentence = doing.find(key);
    if (sentence != doing.end()) view.set_doing(sentence->second);
  }
  return views;
}

std::string Core::worker_name(WorkerKey key) const {
  const Worker* worker = impl_->state.roster.find_worker(key);
  return worker ? worker->name : std::string{};
}

FarmNumbers Core::numbers(Now now) const {
  const State& state = impl_->state;
  FarmNumbers numbers;
  numbers.workers_connected = static_cast<std::uint32_t>(state.roster.sessions().size());
  numbers.workers_known = static_cast<std::uint32_t>(state.roster.workers().size());
  numbers.cells_per_second = state.rate.per_second(now.instant);
  for (const auto& [id, job] : state.jobs) {
    if (is_terminal(job.facts.state)) continue;
    ++numbers.jobs_active;
    numbers.cells_pending += job.counts().pending;
    numbers.cells_running += job.counts().running;
  }
  return numbers;
}

std::vector<v1::ModelOnDisk> Core::models() const {
  std::vector<v1::ModelOnDisk> models;
  for (const auto& [hash, model] : impl_->state.models) models.push_back(model);
  std::sort(models.begin(), models.end(),
            [](const auto& a, const auto& b) { return a.model().name() < b.model().name(); });
  return models;
}

bool Core::is_rendered(const Digest& recipe_hash) const {
  return impl_->state.renders.find(HashPrefix::of(recipe_hash)).has_value();
}

}  // namespace furrow::core
