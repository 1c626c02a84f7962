#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "coordinator/core/step.h"

namespace furrow::core {

namespace {

/// Cells that one step may settle without leasing them (cached, or waiting for an equal one). Each
/// costs a recipe hash, so this bounds a step to some milliseconds; the rest is backlog.
constexpr std::uint32_t kMaxUnleasedCells = 1024;
/// How many cells that wait for another worker are looked at before the lane is given up for this
/// one.
constexpr std::size_t kMaxLookedAt = 256;

/// The worker has what the lane needs, and has not said that it cannot use it.
bool can_do(const State& state, const Session& session, const Job& job, scheduler::LaneId lane) {
  const auto known = session.jobs.find(job.facts.id);
  if (known != session.jobs.end() && lane < known->second.fits.size()) {
    return known->second.fits[lane];
  }
  const Worker& worker = *state.roster.find_worker(session.worker);
  return scheduler::fit(job.lanes()[lane].needs, worker.abilities) == scheduler::Fit::Fits;
}

/// Picks cells of one job for one session.
class Offer {
 public:
  Offer(Step& step, Job& job, Session& session, std::uint32_t& budget)
      : step_(step), job_(job), session_(session), at_session_(known()), budget_(budget) {}

  void make() {
    find_candidates();
    while (session_.free_credits() > 0) {
      const auto best = scheduler::pick(candidates_);
      if (!best) break;
      if (budget_ == 0) {
        step_.state.backlog = true;
        break;
      }
      take_from(*best);
    }
    if (!leased_.empty()) send();
  }

 private:
  /// What the session knows of the job; worked out when they first meet and when it learns a thing.
  JobAtSession& known() {
    JobAtSession& known = session_.jobs[job_.facts.id];
    if (known.fits.empty()) {
      const Worker& worker = step_.state.roster.worker(session_.worker);
      for (const Lane& lane : job_.lanes()) {
        known.fits.push_back(scheduler::fit(lane.needs, worker.abilities) == scheduler::Fit::Fits);
      }
    }
    return known;
  }

  void find_candidates() {
    for (scheduler::LaneId id = 0; id < job_.lanes().size(); ++id) {
      if (!at_session_.fits[id] || job_.lanes()[id].pending == 0) continue;
      if (const auto candidate = look_at(id)) candidates_.push_back(*candidate);
    }
  }

  /// The lane's next cell for this session, if it has one now.
  std::optional<scheduler::Candidate> look_at(scheduler::LaneId id) {
    const Lane& lane = job_.lanes()[id];
    scheduler::Candidate candidate{.lane = id, .resident = lane.needs.model == session_.resident};
    if (bring_acceptable_to_back(id)) {
      candidate.retry = true;
      return candidate;
    }
    const auto place = job_.peek_untouched(id);
    if (!place) return std::nullopt;
    candidate.position = place->position;
    return candidate;
  }

  /// Leaves a cell that this worker may retry at the back of the lane's ready cells, if there is
  /// one.
  bool bring_acceptable_to_back(scheduler::LaneId id) {
    std::vector<CellIndex>& ready = job_.lanes()[id].ready;
    std::size_t looked_at = 0;
    for (std::size_t i = ready.size(); i > 0 && looked_at < kMaxLookedAt;) {
      --i;
      if (job_.status(ready[i]) != CellStatus::Pending) {  // finished or queued twice meanwhile
        std::swap(ready[i], ready.back());
        ready.pop_back();
        continue;
      }
      if (is_acceptable(ready[i], id)) {
        std::swap(ready[i], ready.back());
        return true;
      }
      ++looked_at;
    }
    return false;
  }

  /// A worker that failed on a cell gets it again only when no other one can, or none took it in
  /// time.
  bool is_acceptable(CellIndex cell, scheduler::LaneId lane) {
    const Trouble* trouble = job_.find_trouble(cell);
    if (!trouble || step_.now.instant >= trouble->elsewhere_until) return true;
    const auto& avoid = trouble->avoid;
    if (std::find(avoid.begin(), avoid.end(), session_.worker) == avoid.end()) return true;
    for (const auto& [id, other] : step_.state.roster.sessions()) {
      if (std::find(avoid.begin(), avoid.end(), other.worker) != avoid.end()) continue;
      if (can_do(step_.state, other, job_, lane)) return false;
    }
    return true;
  }

  void take_from(std::size_t best) {
    const scheduler::Candidate taken = candidates_[best];
    Lane& lane = job_.lanes()[taken.lane];
    CellIndex cell;
    if (taken.retry) {
      cell = lane.ready.back();
      lane.ready.pop_back();
    } else {
      cell = CellIndex{job_.peek_untouched(taken.lane)->index};
      ++lane.next;
    }
    settle(cell, lane);
    if (const auto next = look_at(taken.lane)) {
      candidates_[best] = *next;
    } else {
      candidates_[best] = candidates_.back();
      candidates_.pop_back();
    }
  }

  /// A picked cell is cached, waits for the cell that renders the same just now, or is leased.
  void settle(CellIndex cell, const Lane& lane) {
    const Digest hash = job_.grid()->recipe_hash(cell.value);
    const HashPrefix prefix = HashPrefix::of(hash);
    if (const auto source = step_.state.renders.find(prefix)) {
      step_.cache(job_, cell, hash, *source);
      --budget_;
      return;
    }
    const auto leader = step_.state.in_flight.find(prefix);
    if (leader != step_.state.in_flight.end()) {
      job_.move(cell, CellStatus::Pending);
      step_.state.followers[leader->second].push_back({job_.facts.id, cell});
      --budget_;
      return;
    }
    const Lease& lease = step_.grant(job_, cell, session_, hash);
    leased_.push_back({cell, lease.attempt});
    if (session_.resident != lane.needs.model) {
      session_.resident = lane.needs.model;
      for (scheduler::Candidate& other : candidates_) {
        other.resident = job_.lanes()[other.lane].needs.model == session_.resident;
      }
    }
  }

  void send() {
    if (!at_session_.plan_sent) {
      v1::PlanDefinition& plan = *step_.send(session_.id).mutable_plan();
      plan.set_job(job_.facts.id.value);
      plan.set_name(job_.facts.name);
      *plan.mutable_plan() = job_.grid()->plan();
      at_session_.plan_sent = true;
    }
    v1::LeaseOffer& offer = *step_.send(session_.id).mutable_offer();
    offer.set_job(job_.facts.id.value);
    for (const LeaseCells::Cell& leased : leased_) {
      offer.add_cells(leased.cell.value);
      offer.add_attempts(leased.attempt);
      const Trouble* trouble = job_.find_trouble(leased.cell);
      if (trouble && trouble->failures.shared() > 0) offer.add_alone(leased.cell.value);
    }
    step_.effects.store.push_back(LeaseCells{job_.facts.id, session_.worker, std::move(leased_)});
  }

  Step& step_;
  Job& job_;
  Session& session_;
  JobAtSession& at_session_;
  std::uint32_t& budget_;
  std::vector<scheduler::Candidate> candidates_;
  std::vector<LeaseCells::Cell> leased_;
};

}  // namespace

void fill(Step& step, Session& session) {
  State& state = step.state;
  std::uint32_t budget = kMaxUnleasedCells;
  for (auto turn = state.turns.begin();
       turn != state.turns.end() && session.free_credits() > 0 && budget > 0;) {
    Job& job = state.jobs.at(turn->job);
    if (job.has_work()) Offer(step, job, session, budget).make();
    turn = job.has_work() ? std::next(turn) : state.turns.erase(turn);
  }
  session.bound = std::max(session.credits, session.held);
  if (session.free_credits() > 0) {
    state.hungry.insert(session.id);
  } else {
    state.hungry.erase(session.id);
  }
}

void turn_away(Step& step, Session& session, Job& job, CellIndex cell) {
  const scheduler::LaneId lane = job.lane_of(cell);
  JobAtSession& known = session.jobs[job.facts.id];
  if (lane >= known.fits.size()) return;
  for (const auto& [id, other] : step.state.roster.sessions()) {
    if (id == session.id || !can_do(step.state, other, job, lane)) continue;
    known.fits[lane] = false;
    return;
  }
}

void fill_hungry(Step& step) {
  const std::vector<SessionId> waiting(step.state.hungry.begin(), step.state.hungry.end());
  for (const SessionId id : waiting) {
    if (step.state.turns.empty()) break;
    if (Session* session = step.state.roster.find_session(id)) fill(step, *session);
  }
}

}  // namespace furrow::core
